"""Sets of pictures given on a command line: a folder, or a split of one."""

import os
from pathlib import Path
from typing import NamedTuple

from pir_mm.datasets import SceneFolder
from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, printable


class PictureSet(NamedTuple):
    """The pictures of a set.

    Attributes:
        what: the set as the user gave it.
        names: paths relative to the folder, which differ within a set.
        paths: the files.
    """

    what: str
    names: list[str]
    paths: list[Path]


def read_picture_set(what: str) -> PictureSet:
    """Read ``FOLDER[:SPLIT[@RATIO[@SEED]]]``.

    ``FOLDER`` means all its pictures at any depth. ``FOLDER:SPLIT`` means a split of a prepared
    data set, as given in its ``captions.json``. For a folder of class folders it means ``train`` or
    ``test`` of :class:`pir_mm.SceneFolder`, whose defaults apply unless the share of the training
    pictures and the seed are given.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the folder has no pictures or no such split, or RATIO or SEED is not numeric.
    """
    folder, colon, split = what.rpartition(':')
    if not colon or os.path.isdir(what):
        folder, split = what, ''
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(
            f'{root} is not a folder: give a folder of pictures, or FOLDER:SPLIT'
        )
    if not split:
        paths = [path for path in find_files([root]) if is_picture(path)]
    elif (root / CAPTIONS).is_file():
        paths = _split_of_prepared_set(root, split)
    else:
        paths = _split_of_class_folders(root, *split.split('@'))
    if not paths:
        raise ValueError(f'{what} has no picture')
    start = os.path.abspath(root)
    names = [printable(os.path.relpath(path, start)) for path in paths]
    return PictureSet(what, names, paths)


def _split_of_prepared_set(root: Path, split: str) -> list[Path]:
    annotations = read_caption_file(root / CAPTIONS)
    found = sorted({annotation['split'] for annotation in annotations})
    if split not in found:
        raise ValueError(f'{root / CAPTIONS} has the splits {", ".join(found)}, not {split!r}')
    return [root / IMAGES / a['filename'] for a in annotations if a['split'] == split]


def _split_of_class_folders(
    root: Path, split: str, ratio: str = '', seed: str = '', *rest: str
) -> list[Path]:
    try:
        options = {'train_ratio': float(ratio)} if ratio else {}
        options |= {'seed': int(seed)} if seed else {}
    except ValueError:
        rest = (ratio, seed)
    if rest:
        raise ValueError(f'{root}:{split} may be followed by @RATIO@SEED only, such as @0.5@0')
    scenes = SceneFolder(str(root), split=split, **options)
    return [Path(scenes.get_data_info(index)['img_path']) for index in range(len(scenes))]
