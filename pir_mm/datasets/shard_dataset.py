"""Image-text pairs read from shards, for the pre-training of CLIP."""

import glob
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import Compose
from mmengine.logging import print_log
from torch.utils.data import Dataset
from tqdm import tqdm

from pir_mm.datasets.caption_cleaning import CLEANINGS, clean_caption
from pir_mm.datasets.samplers.epoch_sampler import EpochItems
from pir_mm.files.shards import read_member, shard_index
from pir_mm.registry import DATASETS


@DATASETS.register_module()
class ShardDataset(EpochItems, Dataset):
    """Pairs of an image and a text in webdataset's tar files, such as RS5M's.

    The headers of the shards are read once, and what they say is kept in a hidden file beside each.
    From then on any sample is one read, so that nothing is held in a buffer, ranks and workers need
    no shards of their own, and a resumed run goes on with the same samples. Use
    :class:`BlockSampler`, which takes samples that lie together one after another.

    A sample whose image cannot be decoded, or whose text has no word, is left out, logged and
    counted. Members are ``KEY.img_content`` (or ``.jpg``, ``.png``, ...), ``KEY.caption`` (or
    ``.txt``) and, optional, ``KEY.img_name``.

    Args:
        shards: a folder, a pattern such as ``'rs5m/*.tar'``, or a list of both.
        pipeline: transforms of an item with ``img_bytes``, ``img_path`` and ``text``.
        cleaning, max_words: of the texts, see :func:`pir_mm.datasets.caption_cleaning`.
        seed: as in :class:`CaptionDataset`.
        indices: only these samples, or only the first n.

    Raises:
        FileNotFoundError: if a pattern meets no shard.
        ValueError: if a shard is no tar file or has no pair, or ``cleaning`` is unknown.
    """

    metainfo = {'scenes': ()}
    test_mode = False

    def __init__(
        self,
        shards: str | Sequence[str],
        pipeline: Sequence[dict | Callable] = (),
        cleaning: str = 'none',
        max_words: int | None = None,
        seed: int | None = None,
        indices: int | Sequence[int] | None = None,
    ) -> None:
        if cleaning not in CLEANINGS:
            raise ValueError(
                f'cleaning must be {" or ".join(map(repr, CLEANINGS))}, got {cleaning!r}'
            )
        self.shards = _shards([shards] if isinstance(shards, str) else shards)
        self.cleaning = cleaning
        self.max_words = max_words
        self.own_item_seed = seed
        self.bad = 0
        self.pipeline = Compose(pipeline)
        self._read_indices()
        if indices is not None:
            rows = np.arange(len(self._shard))
            rows = rows[:indices] if isinstance(indices, int) else rows[list(indices)]
            for name in ('_shard', '_image', '_text', '_name'):
                setattr(self, name, getattr(self, name)[rows])

    def __len__(self) -> int:
        return len(self._shard)

    def get_data_info(self, idx: int) -> dict:
        """Sample ``idx`` before the pipeline."""
        shard = self.shards[self._shard[idx]]
        text = read_member(shard, *self._text[idx].tolist()).decode('utf-8', 'replace')
        name = read_member(shard, *self._name[idx].tolist()).decode('utf-8', 'replace')
        words = clean_caption(text, self.max_words, self.cleaning)
        return {
            'img_bytes': read_member(shard, *self._image[idx].tolist()),
            'img_path': f'{shard}, sample {idx}' + (f', {name}' if name else ''),
            'image_id': idx,
            'scene': -1,
            'text': [words],
            'text_id': [_number_of(words)],
        }

    def __getitem__(self, idx: int) -> dict | None:
        """The sample of key ``idx`` after the pipeline; ``None`` for one that is bad."""
        try:
            return self.prepare_data(idx)
        except ValueError as error:
            self.bad += 1
            print_log(f'a bad sample is left out, {self.bad} so far: {error}', 'current')
            return None

    def _read_indices(self) -> None:
        parts = [shard_index(path) for path in tqdm(self.shards, desc='shards', disable=None)]
        cut = [str(path) for path, part in zip(self.shards, parts, strict=True) if part.cut]
        incomplete = sum(part.incomplete for part in parts)
        if cut:
            print_log(f'{len(cut)} shards are cut, the first of them {cut[0]}', 'current')
        if incomplete:
            print_log(f'{incomplete} samples have no image or no text', 'current')
        self._shard = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self._image = np.concatenate([part.image for part in parts])
        self._text = np.concatenate([part.text for part in parts])
        self._name = np.concatenate([part.name for part in parts])


def _shards(given: Sequence[str]) -> list[Path]:
    found = []
    for pattern in given:
        if os.path.isdir(pattern):
            pattern = os.path.join(glob.escape(pattern), '*.tar')
        paths = sorted(glob.glob(pattern))
        if not paths:
            raise FileNotFoundError(
                f'no shard at {pattern}: give a folder or a pattern of .tar files; '
                'tools/make_shards.py writes some'
            )
        found += paths
    return [Path(path) for path in dict.fromkeys(found)]


def _number_of(text: str) -> int:
    """The same number for the same words, on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), 'big') >> 1
