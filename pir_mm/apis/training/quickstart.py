"""The main job on generated scenes: generate, train, test, index and search."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import torch

from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.training.running import best_checkpoint
from pir_mm.files.names import first_few
from pir_mm.files.weights import read_checkpoint
from pir_mm.files.writing import atomic_file
from pir_mm.functional.recall import chance_recall

SENTENCES = (
    'four white planes in rows left of the terminal building',
    'two red bridges built over the river',
    'a beach with yellow parasols in rows on the sand',
)
PROGRESS = re.compile(r'Epoch\((train|val|test)\).*')
DETAILS = re.compile(r'(base_lr|lr|time|data_time|grad_norm|temperature_\w+|scene/\S+): \S+')
QUIET = {'PYTHONWARNINGS': 'ignore', 'TRANSFORMERS_VERBOSITY': 'error'}


def run_quickstart(
    tools: Path,
    config: Path,
    data: Path,
    out: Path,
    n_images: int = 1000,
    options: list[str] | None = None,
) -> dict[str, float]:
    """Run the whole job and write its results to ``out``.

    Args:
        tools: folder of the commands.
        config: config to train; it must save the checkpoint with the best mR.
        data: folder of the generated scenes; they are made if they are not there yet.
        out: folder for ``metrics.json``, ``config.py``, ``vocab.txt``, ``best.pth``,
            ``search.png``, ``index/`` and the logs.
        n_images: number of scenes to generate.
        options: ``key=value`` pairs that are merged into the config.

    Returns:
        The content of ``metrics.json``.

    Raises:
        ValueError: if a step fails, or files of something else would be overwritten.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    _refuse_files_of_others(out)
    run_command([str(tools / 'make_scenes.py'), '--out', str(data), '--n-images', str(n_images)])
    write_flat_config(config, data / 'vocab.txt', out / 'config.py', options)
    metrics = _train_and_test(tools, out) | chance_metrics(data / 'captions.json')
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=2) + '\n')
    _index_and_search(tools, data / 'images', out)
    print(_summary(metrics, time.monotonic() - started, tools, out))
    return metrics


def _refuse_files_of_others(out: Path) -> None:
    if (out / 'train.log').exists():
        return  # an earlier quickstart began here
    names = ('config.py', 'vocab.txt', 'best.pth', 'metrics.json', 'search.png')
    foreign = [name for name in names if (out / name).exists()]
    if foreign:
        raise ValueError(
            f'{out} has {first_few(foreign)}, which no quickstart wrote and this one would '
            'overwrite: choose another folder by --out'
        )


def _train_and_test(tools: Path, out: Path) -> dict[str, float]:
    config, weights, run = str(out / 'config.py'), str(out / 'best.pth'), out / 'run'
    command = [str(tools / 'train.py'), config, '--work-dir', str(run)]
    run_logged(command, out / 'train.log')
    checkpoint = read_checkpoint(best_checkpoint(run))
    with atomic_file(weights) as temporary:
        torch.save({name: checkpoint[name] for name in ('meta', 'state_dict')}, temporary)
    command = [str(tools / 'test.py'), config, weights, '--work-dir', str(run)]
    run_logged([*command, '--out', str(out / 'metrics.json')], out / 'test.log')
    return json.loads((out / 'metrics.json').read_text())


def _index_and_search(tools: Path, pictures: Path, out: Path) -> None:
    index, model = str(out / 'index'), [str(out / 'config.py'), str(out / 'best.pth')]
    run_command([str(tools / 'index.py'), str(pictures), '--model', *model, '--out', index])
    picture = min(path for path in pictures.iterdir() if path.stem.startswith('airport'))
    command = [str(tools / 'search.py'), index, *SENTENCES, '--image', str(picture)]
    run_command([*command, '--top-k', '5', '--out', str(out / 'search.png')])


def _summary(metrics: dict[str, float], seconds: float, tools: Path, out: Path) -> str:
    return (
        f'\nDone in {seconds / 60:.1f} minutes. On {metrics["n_images"]} test pictures with '
        f'{metrics["n_texts"]} captions:\n'
        f'  text to image   R@1 {metrics["t2i/R@1"]:5.1f}   R@5 {metrics["t2i/R@5"]:5.1f}   '
        f'R@10 {metrics["t2i/R@10"]:5.1f}\n'
        f'  image to text   R@1 {metrics["i2t/R@1"]:5.1f}   R@5 {metrics["i2t/R@5"]:5.1f}   '
        f'R@10 {metrics["i2t/R@10"]:5.1f}\n'
        f'  mean recall mR  {metrics["mR"]:.1f} (chance {metrics["chance_mR"]:.1f})\n'
        f'See what was found:  {out / "search.png"}\n'
        f'Ask for more:        python {tools / "search.py"} {out / "index"} '
        '"a red train in a railway station" --out found.png'
    )


def run_command(arguments: list[str]) -> None:
    """Print and run one of the project's commands.

    Raises:
        ValueError: if the command fails.
    """
    print(f'\n$ python {shlex.join(arguments)}', flush=True)
    done = subprocess.run([sys.executable, *arguments], env=os.environ | QUIET)
    if done.returncode != 0:
        raise ValueError(f'{arguments[0]} failed with exit code {done.returncode}, see above')


def run_logged(arguments: list[str], log: Path) -> None:
    """As :func:`run_command`, but write the output to ``log`` and print only lines of progress.

    Raises:
        ValueError: if the command fails; the message names the log.
    """
    print(f'\n$ python {shlex.join(arguments)}', flush=True)
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | QUIET,
    )
    with open(log, 'w') as file:
        for line in process.stdout or ():
            file.write(line)
            match = PROGRESS.search(line)
            if match:
                print('  ' + ' '.join(DETAILS.sub('', match.group()).split()), flush=True)
    if process.wait() != 0:
        raise ValueError(f'{arguments[0]} failed with exit code {process.returncode}, see {log}')


def chance_metrics(captions: Path) -> dict[str, float]:
    """Size of the test split, and the mR of a model that gives every pair the same score."""
    pictures = json.loads(captions.read_text())['images']
    counts = [len(p['sentences']) for p in pictures if p['split'] == 'test']
    image_of_text = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    chance = chance_recall(image_of_text, len(counts))['mR']
    return {'n_images': len(counts), 'n_texts': len(image_of_text), 'chance_mR': chance}


def write_flat_config(
    config: Path, vocabulary: Path, out: Path, options: list[str] | None = None
) -> None:
    """Write a config without bases and copy the vocabulary beside it.

    The two files can be moved together.
    """
    flat = load_config(config, options)
    flat.pop('work_dir')
    beside = out.with_name('vocab.txt')
    beside.write_bytes(vocabulary.read_bytes())
    flat.model.tokenizer.vocab = '{{ fileDirname }}/vocab.txt'
    for split in ('train', 'val', 'test'):
        flat[f'{split}_dataloader'].dataset.data_root = str(vocabulary.parent.resolve()) + '/'
    out.write_text(flat.pretty_text)
