"""One run of a table: train a config with a seed, measure it on the test split, keep the result."""

import hashlib
import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from torch import nn

import pir_mm
from pir_mm.apis.configuration import load_config
from pir_mm.apis.model import load_retriever
from pir_mm.apis.split_embedding import EmbeddedSplit, embed_split
from pir_mm.apis.training import best_checkpoint, train
from pir_mm.engine.training_log import read_training_log
from pir_mm.functional.recall import recall_of_standing, standing_from_embeddings
from pir_mm.functional.recall_ceiling import recall_ceiling
from pir_mm.functional.recall_resampling import hits_per_picture

TOPK = (1, 5, 10)
# What may differ between two runs of one row.
OF_THE_RUN = ('work_dir', 'launcher', 'randomness', 'resume', 'load_from')


@dataclass(frozen=True)
class Run:
    """A config, a seed, and where they leave things.

    Args:
        config: path of the config.
        seed: of weights, order and augmentation.
        options: ``key=value`` pairs merged into the config.
        results: folder of result files.
        work_dirs: folder of work directories.
        leave_out: a list of pictures, as ``tools/audit.py`` writes it, without which recall is
            reported a second time.
    """

    config: Path
    seed: int
    options: tuple[str, ...]
    results: Path
    work_dirs: Path
    leave_out: Path | None = None

    @property
    def row(self) -> str:
        return self.config.stem

    @property
    def result(self) -> Path:
        return self.results / f'{self.row}_seed{self.seed}.json'

    @property
    def work_dir(self) -> Path:
        return self.work_dirs / f'{self.row}_seed{self.seed}'

    def load_config(self) -> Config:
        options = [*self.options, f'randomness.seed={self.seed}']
        return load_config(self.config, options, work_dir=str(self.work_dir))


def config_digest(config: Config) -> str:
    """A short digest of all that makes a row what it is: the config without seed and places."""
    kept = {key: value for key, value in config.to_dict().items() if key not in OF_THE_RUN}
    text = json.dumps(kept, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def data_digest(config: Config) -> str:
    """A short digest of the caption file that a config is tested on."""
    dataset = config.test_dataloader.dataset
    path = Path(dataset.get('data_root', '')) / dataset.get('ann_file', 'captions.json')
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def measure(run: Run) -> dict:
    """Train, or go on where a killed run stopped, and measure the best epoch of the val split.

    Returns:
        The result, as written to ``run.result``; a finished one is read, not made again.

    Raises:
        ValueError: if what lies there was made with another config.
        FileNotFoundError: if data or weights are missing.
    """
    config = run.load_config()
    digest = config_digest(config)
    if run.result.is_file():
        result = json.loads(run.result.read_text())
        _require_same(result['config_digest'], digest, run.result)
        return result
    started = run.work_dir / 'config_digest'
    if started.is_file():
        _require_same(started.read_text(), digest, run.work_dir)
    run.work_dir.mkdir(parents=True, exist_ok=True)
    started.write_text(digest)
    train(config, resume='auto')
    result = _measured(run, config, digest)
    run.results.mkdir(parents=True, exist_ok=True)
    temporary = run.result.with_name(f'.{run.result.name}.{os.getpid()}')
    temporary.write_text(json.dumps(result) + '\n')
    os.replace(temporary, run.result)
    return result


def _require_same(found: str, wanted: str, place: Path) -> None:
    if found != wanted:
        raise ValueError(
            f'{place} was made with another config than it has now: move it away to measure anew'
        )


def _measured(run: Run, config: Config, digest: str) -> dict:
    checkpoint = best_checkpoint(run.work_dir)
    flat = run.work_dir / 'measured.py'
    config.dump(flat)
    model = load_retriever(flat, checkpoint)
    split = embed_split(model)
    history = read_training_log(run.work_dir)
    result = {
        'config': str(run.config),
        'seed': run.seed,
        'options': list(run.options),
        'config_digest': digest,
        'data_digest': data_digest(config),
        'weights': _weights(config),
        'commit': _commit(),
        'versions': {'pir_mm': pir_mm.__version__, 'torch': torch.__version__},
        'hardware': _hardware(),
        'minutes': history.minutes,
        'parameters': _parameters(model),
        'val_mR': history.validated('mR'),
        'best': checkpoint.name,
        'pictures': len(split.paths),
        'captions': len(split.captions),
    }
    return result | _scores(split, run.leave_out)


def _scores(split: EmbeddedSplit, leave_out: Path | None) -> dict:
    whole = split.embedded
    standing = standing_from_embeddings(whole.image, whole.text, whole.image_of_text)
    hits, queries = hits_per_picture(*standing, whole.image_of_text, TOPK)
    scores = {
        'metrics': recall_of_standing(*standing, TOPK),
        'ceiling': recall_ceiling(whole.image_of_text, split.text_id, TOPK),
        'hits': [[round(value, 4) for value in row] for row in hits.tolist()],
        'queries': queries[:, -1].int().tolist(),
    }
    if leave_out is not None:
        copies = {
            Path(pair['picture']).name for pair in json.loads(leave_out.read_text())['copies']
        }
        kept = torch.tensor([Path(path).name not in copies for path in split.paths])
        text_kept = kept[whole.image_of_text]
        owner = (kept.cumsum(0) - 1)[whole.image_of_text[text_kept]]
        part = standing_from_embeddings(whole.image[kept], whole.text[text_kept], owner)
        scores['left_out'] = len(kept) - int(kept.sum())
        scores['metrics_without'] = recall_of_standing(*part, TOPK)
    return scores


def _weights(config: Config) -> dict[str, str]:
    """Short digests of the files that parts of the model started from."""
    parts = [part for part in config.model.values() if isinstance(part, dict)]
    paths = {part['init'] for part in parts if Path(part.get('init', 'random')).is_file()}
    return {path: hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16] for path in paths}


def _parameters(model: nn.Module) -> dict[str, int]:
    parameters = list(model.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    return {'all': sum(p.numel() for p in parameters), 'trained': trained}


def _hardware() -> str:
    if torch.cuda.is_available():
        return f'{torch.cuda.device_count()} x {torch.cuda.get_device_name()}'
    names = []
    if Path('/proc/cpuinfo').is_file():
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    name = names[0] if names else platform.processor() or platform.machine()
    return f'{name}, {torch.get_num_threads()} of {os.cpu_count()} cores'


def _commit() -> str | None:
    """The commit of the code, with ``+`` where files differ from it; None outside a checkout."""
    root = Path(pir_mm.__file__).parents[1]

    def git(*arguments: str) -> str:
        done = subprocess.run(['git', '-C', str(root), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ''

    commit = git('rev-parse', '--short=12', 'HEAD') if (root / '.git').exists() else ''
    changed = git('status', '--porcelain', '--untracked-files=no', '--', 'pir_mm', 'configs')
    return (commit + '+' * bool(changed)) or None
