"""Sets of pictures named on a command line: a folder, or a split of one."""

import os
from pathlib import Path
from typing import NamedTuple
from pir_mm.datasets import SceneFolder
from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.search import ENDINGS, find_files


class PictureSet(NamedTuple):
    """The pictures of a set: ``names`` tell them apart within ``what``."""

    what: str
    names: list[str]
    paths: list[Path]


def picture_set(what: str) -> PictureSet:
    """Read ``FOLDER[:SPLIT[@RATIO[@SEED]]]``.

    ``FOLDER`` is every picture at any depth. ``FOLDER:SPLIT`` is a split of a prepared data set,
    as its ``captions.json`` says; or, of a folder of class folders, ``train`` or ``test`` as
    :class:`pir_mm.SceneFolder` draws them, by its own defaults unless the share to train on and
    the seed are given.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the folder has no picture or no such split, or a number is none.
    """
    folder, colon, split = what.rpartition(':')
    if not colon or os.path.isdir(what):
        folder, split = what, ''
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root} is no folder: give a folder of pictures, or FOLDER:SPLIT')
    if not split:
        paths = [path for path in find_files([root]) if path.suffix.lower() in ENDINGS]
    elif (root / CAPTIONS).is_file():
        paths = _split_by_captions(root, split)
    else:
        paths = _split_by_draw(root, *split.split('@'))
    if not paths:
        raise ValueError(f'{what} has no picture')
    start = os.path.abspath(root)
    return PictureSet(what, [os.path.relpath(path, start) for path in paths], paths)


def _split_by_captions(root: Path, split: str) -> list[Path]:
    entries = read_caption_file(root / CAPTIONS)
    found = sorted({entry['split'] for entry in entries})
    if split not in found:
        raise ValueError(f'{root / CAPTIONS} has the splits {", ".join(found)}, not {split!r}')
    return [root / IMAGES / entry['filename'] for entry in entries if entry['split'] == split]


def _split_by_draw(root: Path, split: str, ratio: str = '', seed: str = '', *rest: str):
    try:
        options = {'train_ratio': float(ratio)} if ratio else {}
        options |= {'seed': int(seed)} if seed else {}
    except ValueError:
        rest = (ratio, seed)
    if rest:
        raise ValueError(f'{root}:{split} must go on as @RATIO@SEED, such as @0.5@0')
    scenes = SceneFolder(str(root), split=split, **options)
    return [Path(scenes.get_data_info(index)['img_path']) for index in range(len(scenes))]
