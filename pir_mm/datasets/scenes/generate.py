"""A whole caption data set, drawn from a seed."""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
from tqdm import tqdm

from pir_mm.datasets.layout import IMAGES
from pir_mm.datasets.preparation.made_from import unchanged_report
from pir_mm.datasets.preparation.prepared_folder import (
    write_captions,
    write_report,
    write_vocabulary,
)
from pir_mm.datasets.scenes.captions import caption_scene
from pir_mm.datasets.scenes.draw import SCENE_CLASSES, draw_scene
from pir_mm.datasets.scenes.random_stream import RandomStream
from pir_mm.files.writing import atomic_folder

DRAWING = 1  # raise it whenever the same seed gives another picture or caption
MIN_SIZE, MAX_SIZE = 32, 1024


def make_scenes(
    out: str | Path,
    n_images: int = 1000,
    seed: int = 0,
    size: int = 128,
    scenes: Sequence[str] | None = None,
    workers: int | None = None,
    vocab_size: int = 4000,
    log: Callable[[str], None] = print,
) -> dict:
    """Draw pictures that look as seen from above, with five captions each, into a folder.

    Picture ``i`` and its captions depend on ``seed``, ``i`` and ``scenes`` only. So a longer set
    begins with the shorter one, on every machine and with any number of processes. The folder
    appears complete or not at all. If it was already made with the same arguments, nothing is
    done. Train, val and test get 70, 10 and 20 percent of the pictures, balanced over the classes.

    Captions mention left and right, so a training pipeline must not flip these pictures.

    Args:
        out: folder to write. It is replaced if this program wrote it.
        n_images: number of pictures; the classes take turns.
        seed: of everything that is random.
        size: side of the pictures in pixels.
        scenes: classes to draw, by default all.
        workers: number of processes, by default one for each core.
        vocab_size: largest number of word pieces of the vocabulary.
        log: is called with each line for the user.

    Returns:
        The report, as written to ``report.json``.

    Raises:
        ValueError: if an argument is out of range, or ``out`` has other content.
    """
    start, out = time.monotonic(), Path(out).resolve()
    names = tuple(SCENE_CLASSES) if scenes is None else tuple(scenes)
    workers = _available_cores() if workers is None else workers
    _check_arguments(names, n_images, seed, size, workers)
    options = {'n_images': n_images, 'seed': seed, 'size': size, 'scenes': list(names)}
    origin = {'drawing': DRAWING, 'vocab_size': vocab_size, **options}
    report = unchanged_report(out, origin)
    if report is not None:
        log(f'{out} is up to date, nothing to do: {report["pictures"]} pictures')
        return report
    with atomic_folder(out) as part:
        (part / IMAGES).mkdir()
        annotations, pixels = _write_pictures(part / IMAGES, names, n_images, seed, size, workers)
        write_captions(part, out.name, annotations)
        pieces = write_vocabulary(part, annotations, None, vocab_size)
        report = write_report(part, annotations, vocabulary=pieces, pixels=pixels, made_from=origin)
    seconds = time.monotonic() - start
    log(f'wrote {out} in {seconds:.1f} s: {n_images} pictures of {len(names)} scenes')
    return report


def _write_pictures(
    folder: Path, names: tuple[str, ...], n_images: int, seed: int, size: int, workers: int
) -> tuple[list[dict], str]:
    """Annotations of all pictures in order, and one checksum of all pixels."""
    splits, digest, annotations = _splits(n_images, len(names), seed), hashlib.sha256(), []
    write = partial(_write_picture, folder, names, seed, size)
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(write, range(n_images), chunksize=8)
        for annotation, pixels in tqdm(drawn, total=n_images, desc='drawing', unit='picture'):
            digest.update(pixels)
            number = len(annotations)
            start = {'filename': annotation['filename'], 'imgid': number, 'split': splits[number]}
            annotations.append({**start, **annotation})
    return annotations, digest.hexdigest()


def _write_picture(
    folder: Path, names: tuple[str, ...], seed: int, size: int, index: int
) -> tuple[dict, bytes]:
    """Annotation of one picture, still without its split, and a checksum of its pixels."""
    name = names[index % len(names)]
    picture, scene = draw_scene(name, seed, index, size)
    filename = f'{name}_{index:05d}.png'
    sentences = [{'raw': caption} for caption in caption_scene(scene, seed, index)]
    (folder / filename).write_bytes(cv2.imencode('.png', picture)[1].tobytes())
    annotation = {'filename': filename, 'class': name, 'sentences': sentences}
    return annotation, hashlib.sha256(picture.tobytes()).digest()


def _splits(n_images: int, n_scenes: int, seed: int) -> list[str]:
    """Split of each picture. Groups with one picture of each class are shuffled, then shared out.

    The first groups are for test, the next for val, the rest for train.
    """
    groups = RandomStream(seed, 2**32 - 1).shuffled(range(-(-n_images // n_scenes)))
    order = sorted(range(n_images), key=lambda i: (groups[i // n_scenes], i % n_scenes))
    test, val = n_images // 5, n_images // 10
    names = ['test'] * test + ['val'] * val + ['train'] * (n_images - test - val)
    return [name for _, name in sorted(zip(order, names, strict=True))]


def _available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def _check_arguments(
    names: tuple[str, ...], n_images: int, seed: int, size: int, workers: int
) -> None:
    unknown = sorted(set(names) - set(SCENE_CLASSES))
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(
            f'scenes {list(names)} must be different names out of: {", ".join(SCENE_CLASSES)}'
            + (f'; unknown: {", ".join(unknown)}' if unknown else '')
        )
    least = max(10, len(names))
    if not least <= n_images < 100_000:
        raise ValueError(
            f'n_images={n_images} must be from {least} (at least ten, and one of each of the '
            f'{len(names)} scenes) to 99999'
        )
    if seed < 0:
        raise ValueError(f'seed={seed} must not be negative')
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise ValueError(f'size={size} pixels must be from {MIN_SIZE} to {MAX_SIZE}')
    if workers < 1:
        raise ValueError(f'workers={workers} must be at least 1')
