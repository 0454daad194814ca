"""The main job on generated scenes: generate, train, test, index, search."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from pir_mm.apis.configuration import load_config
from pir_mm.engine import read_checkpoint
from pir_mm.functional.recall import retrieval_recall

SENTENCES = (
    'two white planes are parked beside the terminal',
    'a river crossed by a bridge',
    'several round storage tanks stand in rows',
)
PROGRESS = re.compile(r'Epoch\((train|val|test)\).*')
QUIET = {'PYTHONWARNINGS': 'ignore', 'TRANSFORMERS_VERBOSITY': 'error'}


def run_command(arguments: list[str], log: Path, progress: re.Pattern | None = None) -> None:
    """Run one of the project's commands as a user would, showing what it is and how it goes on.

    Args:
        arguments: the command after ``python``.
        log: file that takes all of its output.
        progress: lines of the output to show, cut to the part that matches; ``None`` shows all.

    Raises:
        ValueError: if the command fails; names the log.
    """
    print(f'\n$ python {shlex.join(arguments)}', flush=True)
    with open(log, 'w') as file:
        pipe = None if progress is None else subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=pipe,
            stderr=None if progress is None else subprocess.STDOUT,
            text=True,
            env=os.environ | QUIET,
        )
        for line in process.stdout or ():
            file.write(line)
            match = progress.search(line)
            if match:
                print('  ' + ' '.join(match.group().split())[:110], flush=True)
    if process.wait() != 0:
        raise ValueError(f'{arguments[0]} failed with exit code {process.returncode}, see {log}')


def chance_metrics(captions: Path) -> dict[str, float]:
    """Size of the test split and the mR of a model that gives every pair the same score."""
    entries = json.loads(captions.read_text())['images']
    counts = [len(entry['sentences']) for entry in entries if entry['split'] == 'test']
    image_of_text = np.repeat(np.arange(len(counts)), counts)
    constant = np.zeros((len(counts), len(image_of_text)), dtype=np.float32)
    chance = retrieval_recall(constant, image_of_text)['mR']
    return {'n_images': len(counts), 'n_texts': len(image_of_text), 'chance_mR': chance}


def write_flat_config(config: Path, vocabulary: Path, out: Path) -> None:
    """Write a config without bases, with the vocabulary copied beside it, movable together."""
    flat = load_config(config)
    flat.pop('work_dir')
    beside = out.with_name('vocab.txt')
    beside.write_bytes(vocabulary.read_bytes())
    flat.model.tokenizer.vocab = '{{ fileDirname }}/vocab.txt'
    for split in ('train', 'val', 'test'):
        flat[f'{split}_dataloader'].dataset.data_root = str(vocabulary.parent.resolve()) + '/'
    out.write_text(flat.pretty_text)


def run_quickstart(
    tools: Path, config: Path, data: Path, out: Path, options: list[str] | None = None
) -> dict[str, float]:
    """Run the whole job and leave its results in ``out``.

    Args:
        tools: folder of the commands.
        config: what to train; must keep its best checkpoint by mR.
        data: where the generated scenes are, or are to be written.
        out: takes ``metrics.json``, ``config.py``, ``vocab.txt``, ``best.pth``, ``search.png``
            and ``index/``, beside the logs.
        options: ``--cfg-options`` for the training.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        ValueError: if a step fails.
    """
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    run = out / 'run'
    run_command([str(tools / 'make_scenes.py'), '--out', str(data)], out / 'scenes.log')
    write_flat_config(config, data / 'vocab.txt', out / 'config.py')
    changes = ['--cfg-options', *options] if options else []
    command = [str(tools / 'train.py'), str(config), '--work-dir', str(run), *changes]
    run_command(command, out / 'train.log', PROGRESS)

    best = (run / 'last_checkpoint').read_text()
    best = read_checkpoint(best)['message_hub']['runtime_info']['best_ckpt']
    checkpoint = read_checkpoint(best)
    kept = {name: checkpoint[name] for name in ('meta', 'state_dict')}
    torch.save(kept, out / 'best.pth')

    flat, weights = str(out / 'config.py'), str(out / 'best.pth')
    command = [str(tools / 'test.py'), flat, weights, '--work-dir', str(run)]
    run_command([*command, '--out', str(out / 'metrics.json')], out / 'test.log', PROGRESS)
    index = str(out / 'index')
    pictures = data / 'images'
    command = [str(tools / 'index.py'), str(pictures), '--model', flat, weights, '--out', index]
    run_command(command, out / 'index.log')
    picture = min(path for path in pictures.iterdir() if path.stem.startswith('airport'))
    command = [str(tools / 'search.py'), index, *SENTENCES, '--image', str(picture)]
    run_command([*command, '--top-k', '5', '--out', str(out / 'search.png')], out / 'search.log')

    metrics = json.loads((out / 'metrics.json').read_text()) | chance_metrics(
        data / 'captions.json'
    )
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=2) + '\n')
    minutes = (time.monotonic() - began) / 60
    print(
        f'\nDone in {minutes:.1f} minutes. On {metrics["n_images"]} test pictures with '
        f'{metrics["n_texts"]} captions:\n'
        f'  text to image   R@1 {metrics["t2i/R@1"]:5.1f}   R@5 {metrics["t2i/R@5"]:5.1f}   '
        f'R@10 {metrics["t2i/R@10"]:5.1f}\n'
        f'  image to text   R@1 {metrics["i2t/R@1"]:5.1f}   R@5 {metrics["i2t/R@5"]:5.1f}   '
        f'R@10 {metrics["i2t/R@10"]:5.1f}\n'
        f'  mean recall mR  {metrics["mR"]:.1f} (chance {metrics["chance_mR"]:.1f})\n'
        f'See what was found:  {out / "search.png"}\n'
        f'Ask for more:        {sys.executable} {tools / "search.py"} {index} '
        '"white boats beside a pier" --out found.png'
    )
    return metrics
