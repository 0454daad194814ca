"""Scene classification sets, with one folder of pictures for each class."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from pir_mm.datasets.samplers.epoch_sampler import EpochItems
from pir_mm.files.pictures import is_picture
from pir_mm.files.texts import read_names
from pir_mm.registry import DATASETS


@DATASETS.register_module()
class SceneFolder(EpochItems, BaseDataset):
    """AID, RESISC45 and other sets stored as ``CLASS/picture``, split at random by a seed.

    These sets have no official splits. Papers train on a random share of each class. Here the
    share of each class is drawn by seed from its sorted file names, so the same folder gives the
    same split on every machine.

    Args:
        data_root: the folder of class folders.
        split: ``'train'`` or ``'test'``; together they are the complete set.
        train_ratio: share of each class in ``'train'``, between 0 and 1; the number of pictures is
            rounded.
        seed: of the random split; what is random in an item follows :class:`EpochItems`.
        pipeline: transforms of an item with ``img_path`` and ``gt_label``.
        test_mode: as in ``BaseDataset``.
        indices: only these items, or only the first n, which belong to the first classes.
        leave_out: text file with the names of pictures, relative to ``data_root``, that belong to
            no split, one in a line; ``#`` begins a comment. ``tools/audit.py pictures`` writes such
            lists. The split of the others is as without it.

    Raises:
        FileNotFoundError: if the folder does not exist or has no folders with pictures.
        ValueError: if ``split`` or ``train_ratio`` is out of range, or ``leave_out`` names a
            picture that is not there.
    """

    METAINFO = {'classes': ()}

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        train_ratio: float = 0.5,
        seed: int = 0,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        leave_out: str | None = None,
    ) -> None:
        if split not in ('train', 'test'):
            raise ValueError(f"split must be 'train' or 'test', got {split!r}")
        if not 0 < train_ratio < 1:
            raise ValueError(f'train_ratio must lie between 0 and 1, got {train_ratio}')
        self.split = split
        self.train_ratio = train_ratio
        self.seed = seed
        self.leave_out = leave_out
        super().__init__(
            data_root=data_root, pipeline=pipeline, test_mode=test_mode, indices=indices
        )

    def load_data_list(self) -> list[dict]:
        """One item for each picture of the split, class by class."""
        root = Path(self.data_root)
        pictures = class_pictures(root)
        self._metainfo['classes'] = tuple(pictures)
        left_out = self._left_out(root, pictures)
        rng = np.random.default_rng(self.seed)
        items = []
        for label, paths in enumerate(pictures.values()):
            order = rng.permutation(len(paths))
            cut = round(self.train_ratio * len(paths))
            chosen = order[:cut] if self.split == 'train' else order[cut:]
            kept = [paths[i] for i in sorted(chosen) if paths[i] not in left_out]
            items.extend({'img_path': str(path), 'gt_label': label} for path in kept)
        return items

    def _left_out(self, root: Path, pictures: dict[str, list[Path]]) -> set[Path]:
        if self.leave_out is None:
            return set()
        there = {path.relative_to(root).as_posix() for own in pictures.values() for path in own}
        return {root / name for name in read_names(self.leave_out, there, str(root))}


def class_pictures(root: Path) -> dict[str, list[Path]]:
    """The pictures of each class of a set that has one folder a class, both sorted by name.

    Raises:
        FileNotFoundError: if the folder does not exist or has no folders with pictures.
    """
    folders = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
    pictures = {
        folder.name: sorted(p for p in folder.iterdir() if is_picture(p)) for folder in folders
    }
    pictures = {name: paths for name, paths in pictures.items() if paths}
    if not pictures:
        raise FileNotFoundError(
            f'{root} has no folders with pictures: unpack the set so that each class is a folder, '
            f'as in {root}/Airport/airport_1.jpg'
        )
    return pictures
