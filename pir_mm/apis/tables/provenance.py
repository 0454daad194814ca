"""Where a result comes from: its config, data, weights, code and machine."""

import hashlib
import json
import os
import platform
import subprocess
from pathlib import Path

import torch
from mmengine.config import Config

from pir_mm.files.checksums import hash_tensors
from pir_mm.files.weights import read_weights, weight_file

CHECKOUT = Path(__file__).resolve().parents[3]
# These may differ between two runs of one row.
OF_THE_RUN = ('work_dir', 'launcher', 'randomness', 'resume')


def digest(content: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def config_digest(config: Config) -> str:
    """Digest of a config without its seed and its folders: the same for all runs of a row."""
    kept = {key: value for key, value in config.to_dict().items() if key not in OF_THE_RUN}
    if kept.get('load_from') is None:
        kept.pop('load_from', None)
    return digest(json.dumps(kept, sort_keys=True, default=str).encode())


def data_digest(config: Config) -> str:
    """Digest of the caption file of the test split.

    Raises:
        FileNotFoundError: if the file does not exist.
    """
    dataset = config.test_dataloader.dataset
    path = Path(dataset.get('data_root', '')) / dataset.get('ann_file', 'captions.json')
    return digest(path.read_bytes())


def weight_digests(config: Config) -> dict[str, str]:
    """Digests of the weights that a result comes from, by their paths.

    Those from which the model and its parts start, ``load_from`` and ``init``, and those of the
    other stage of a cascade.

    The digest is over the tensors, not over the file: a checkpoint also has times in it, so the
    same training writes another file.
    """
    parts = [config.model, *(part for part in config.model.values() if isinstance(part, dict))]
    files = {part['init']: weight_file(part['init']) for part in parts if 'init' in part}
    if config.get('load_from') is not None:
        files[config.load_from] = weight_file(config.load_from)
    for stage in ((config.get('test_cfg') or {}).get('cascade') or {}).values():
        if isinstance(stage, dict):
            files[stage['checkpoint']] = weight_file(stage['checkpoint'])
    return {
        init: hash_tensors(read_weights(file))[:16] for init, file in sorted(files.items()) if file
    }


def hardware() -> str:
    """The GPUs, or the processor and how many of its cores are used."""
    if torch.cuda.is_available():
        return f'{torch.cuda.device_count()} x {torch.cuda.get_device_name()}'
    names = []
    if Path('/proc/cpuinfo').is_file():
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    name = names[0] if names else platform.processor() or platform.machine()
    return f'{name}, {torch.get_num_threads()} of {os.cpu_count()} cores'


def commit() -> str | None:
    """The commit of the code, with ``+`` if the code was changed; None outside a checkout."""
    if not (CHECKOUT / '.git').exists():
        return None

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ['git', '-C', str(CHECKOUT), *arguments], capture_output=True, text=True
        )
        return done.stdout.strip() if done.returncode == 0 else ''

    code = ('pir_mm', ':(glob)configs/**/*.py')  # results are in the folder of configs too
    changed = git('status', '--porcelain', '--untracked-files=no', '--', *code)
    return (git('rev-parse', '--short=12', 'HEAD') + '+' * bool(changed)) or None
