"""A whole caption data set, drawn from a seed."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
from tqdm import tqdm

from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.datasets.preparation.preparing import unchanged_report, write_report, write_vocabulary
from pir_mm.datasets.scenes.captions import write_captions
from pir_mm.datasets.scenes.draw import SCENE_CLASSES, draw_scene
from pir_mm.datasets.scenes.random_stream import RandomStream
from pir_mm.files.writing import replaced_folder

DRAWING = 1  # to be raised whenever the same seed gives another picture or caption
SMALLEST, LARGEST = 32, 1024


def make_scenes(
    out: str | Path,
    n_images: int = 1000,
    seed: int = 0,
    size: int = 128,
    scenes: Sequence[str] | None = None,
    workers: int | None = None,
    vocab_size: int = 4000,
    say: Callable[[str], None] = print,
) -> dict:
    """Draw pictures as if seen from above, with five captions each, into the folder ``out``.

    Picture ``i`` and its captions depend on ``seed``, ``i`` and ``scenes`` alone, so a longer set
    begins with the shorter one, on every machine and with any number of processes. The folder
    appears whole or not at all; a run that finds it made with the same arguments does nothing.
    Splits are 70 / 10 / 20 percent train / val / test, every class in each alike.

    Captions tell sides, so a training pipeline must not flip these pictures.

    Args:
        out: folder to write; replaced if this program wrote it.
        n_images: number of pictures, the classes by turns.
        seed: of all that is drawn by lot.
        size: side of the pictures in pixels.
        scenes: classes to draw, by default all.
        workers: processes, by default as many as there are cores.
        vocab_size: most pieces of the vocabulary.
        say: called with each line for the user.

    Returns:
        The report, as written to ``report.json``.

    Raises:
        ValueError: if an argument is out of range, or ``out`` holds something else.
    """
    start, out = time.monotonic(), Path(out).resolve()
    names = tuple(SCENE_CLASSES) if scenes is None else tuple(scenes)
    workers = _cores() if workers is None else workers
    _check(names, n_images, seed, size, workers)
    options = {'n_images': n_images, 'seed': seed, 'size': size, 'scenes': list(names)}
    made_from = {'drawing': DRAWING, 'vocab_size': vocab_size, **options}
    report = unchanged_report(out, made_from)
    if report is not None:
        say(f'{out} is up to date, nothing to do: {report["pictures"]} pictures')
        return report
    with replaced_folder(out) as part:
        (part / IMAGES).mkdir()
        entries, pixels = _write_pictures(part / IMAGES, names, n_images, seed, size, workers)
        content = {'dataset': out.name, 'images': entries}
        text = json.dumps(content, indent=1) + '\n'
        (part / CAPTIONS).write_text(text, encoding='utf-8')
        pieces = write_vocabulary(part, entries, None, vocab_size)
        report = write_report(part, entries, vocabulary=pieces, pixels=pixels, made_from=made_from)
    seconds = time.monotonic() - start
    say(f'wrote {out} in {seconds:.1f} s: {n_images} pictures of {len(names)} scenes')
    return report


def _write_pictures(folder, names, n_images, seed, size, workers) -> tuple[list[dict], str]:
    """Entries of the caption file in order, and a checksum of all pixels."""
    splits, digest, entries = _splits(n_images, len(names), seed), hashlib.sha256(), []
    write = partial(_write_picture, folder, names, seed, size)
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(write, range(n_images), chunksize=8)
        for entry, pixels in tqdm(drawn, total=n_images, desc='drawing', unit='picture'):
            digest.update(pixels)
            head = {'filename': entry['filename'], 'imgid': len(entries)}
            entries.append({**head, 'split': splits[len(entries)], **entry})
    return entries, digest.hexdigest()


def _write_picture(
    folder: Path, names: tuple[str, ...], seed: int, size: int, index: int
) -> tuple[dict, bytes]:
    name = names[index % len(names)]
    picture, scene = draw_scene(name, seed, index, size)
    entry = {'filename': f'{name}_{index:05d}.png', 'class': name}
    entry['sentences'] = [{'raw': text} for text in write_captions(scene, seed, index)]
    path = folder / entry['filename']
    path.write_bytes(cv2.imencode('.png', picture)[1].tobytes())
    return entry, hashlib.sha256(picture.tobytes()).digest()


def _splits(n_images: int, n_scenes: int, seed: int) -> list[str]:
    """Split of each picture: rounds of all classes are dealt in random order, test first."""
    rounds = RandomStream(seed, 2**32 - 1).shuffled(range(-(-n_images // n_scenes)))
    order = sorted(range(n_images), key=lambda i: (rounds[i // n_scenes], i % n_scenes))
    test, val = n_images // 5, n_images // 10
    names = ['test'] * test + ['val'] * val + ['train'] * (n_images - test - val)
    return [name for _, name in sorted(zip(order, names, strict=True))]


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def _check(names: tuple[str, ...], n_images: int, seed: int, size: int, workers: int) -> None:
    unknown = sorted(set(names) - set(SCENE_CLASSES))
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(
            f'scenes {list(names)} must be different ones of: {", ".join(SCENE_CLASSES)}'
            + (f'; unknown: {", ".join(unknown)}' if unknown else '')
        )
    least = max(10, len(names))
    if not least <= n_images < 100_000:
        raise ValueError(
            f'n_images={n_images} must be from {least} (ten, and one of each of the '
            f'{len(names)} scenes) to 99999'
        )
    if seed < 0:
        raise ValueError(f'seed={seed} must not be negative')
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f'size={size} pixels must be from {SMALLEST} to {LARGEST}')
    if workers < 1:
        raise ValueError(f'workers={workers} must be at least 1')
