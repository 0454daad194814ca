"""Scene classification sets: one folder of pictures a class."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from pir_mm.registry import DATASETS

PICTURES = {'.jpg', '.jpeg', '.png', '.tif', '.tiff', '.bmp'}


@DATASETS.register_module()
class SceneFolder(BaseDataset):
    """AID, RESISC45 and others that lie as ``CLASS/picture``, split by a seeded draw.

    The sets have no official lists; the literature trains on a share of each class, drawn at
    random. Here the share is drawn class by class, by seed, from the names in order, so that the
    same folder gives the same lists everywhere.

    Args:
        data_root: the folder of class folders.
        split: ``'train'`` or ``'test'``; together they are the whole set.
        train_ratio: share of each class in ``'train'``, rounded, between 0 and 1.
        seed: of the draw.
        pipeline: transforms; an item has ``img_path`` and ``gt_label``.
        indices: those items only, or the first n, which are of the first classes.

    Raises:
        FileNotFoundError: if there is no such folder, or no pictures in folders in it.
        ValueError: if ``split`` or ``train_ratio`` is wrong.
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
    ) -> None:
        if split not in ('train', 'test'):
            raise ValueError(f"split must be 'train' or 'test', got {split!r}")
        if not 0 < train_ratio < 1:
            raise ValueError(f'train_ratio must lie between 0 and 1, got {train_ratio}')
        self.split = split
        self.train_ratio = train_ratio
        self.seed = seed
        super().__init__(
            data_root=data_root, pipeline=pipeline, test_mode=test_mode, indices=indices
        )

    def load_data_list(self) -> list[dict]:
        root = Path(self.data_root)
        folders = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        pictures = {
            folder.name: sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
            for folder in folders
        }
        pictures = {name: paths for name, paths in pictures.items() if paths}
        if not pictures:
            raise FileNotFoundError(
                f'{root} has no folders with pictures: unpack the set so that each class is a '
                f'folder, as in {root}/Airport/airport_1.jpg'
            )
        self._metainfo['classes'] = tuple(pictures)
        draw = np.random.default_rng(self.seed)
        items = []
        for label, paths in enumerate(pictures.values()):
            order = draw.permutation(len(paths))
            cut = round(self.train_ratio * len(paths))
            chosen = order[:cut] if self.split == 'train' else order[cut:]
            items.extend({'img_path': str(paths[i]), 'gt_label': label} for i in sorted(chosen))
        return items
