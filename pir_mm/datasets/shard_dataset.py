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

from pir_mm.datasets.cached_features import FeatureItems, PictureViews
from pir_mm.files.feature_store import FeatureStore
from pir_mm.files.shards import read_member, shard_index
from pir_mm.functional.caption_cleaning import CLEANINGS, clean_caption
from pir_mm.registry import DATASETS


@DATASETS.register_module()
class ShardDataset(FeatureItems, Dataset):
    """Pairs of an image and a text in webdataset's tar files, such as RS5M's.

    The headers of the shards are read once, and what they say is kept in a hidden file beside each.
    From then on any sample is one read, so that nothing is held in a buffer, ranks and workers need
    no shards of their own, and a resumed run goes on with the same samples. Use
    :class:`BlockSampler`, which takes samples that lie together one after another.

    A sample whose image cannot be decoded, or whose text has no word, is left out, logged and
    counted. Members are ``KEY.img_content`` (or ``.jpg``, ``.png``, ...), ``KEY.caption`` (or
    ``.txt``) and, optional, ``KEY.img_name``. Samples of one folder with the same name show one
    image, which is a positive of all their texts.

    What frozen encoders give may be computed once (:class:`pir_mm.engine.FeatureCacheHook`), for
    each distinct image; then every image must be readable. All images are read for that before the
    first step, so it is for sets of thousands, not of millions.

    Args:
        shards: a folder, a pattern such as ``'rs5m/*.tar'``, or a list of both.
        pipeline: transforms of an item with ``img_bytes``, ``img_path`` and ``text``.
        cleaning, max_words: of the texts, see :func:`pir_mm.functional.caption_cleaning`.
        seed: as in :class:`CaptionDataset`.
        indices: only these samples, or only the first n.

    Raises:
        FileNotFoundError: if a pattern meets no shard.
        ValueError: if a shard is no tar file or has no pair, or ``cleaning`` is unknown.
    """

    metainfo = {'scenes': ()}
    test_mode = False
    split = 'train'
    """For the folders of features."""

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
        self._distinct_image: np.ndarray | None = None
        self._distinct_text: dict[int, int] = {}
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
        name = self._read(self._name, idx).decode('utf-8', 'replace')
        folder = self.shards[self._shard[idx]].parent
        words = self._words(idx)
        item = {
            'img_path': f'{folder}/*.tar, {name}' if name else f'{folder}/*.tar, sample {idx}',
            'image_id': _number_of(f'{folder}/{name}') if name else idx,
            'scene': -1,
            'text': [words],
            'text_id': [_number_of(words)],
        }
        if self.features is None or self.features.pixels:
            item['img_bytes'] = self._read(self._image, idx)
        if self.features is not None:
            item['image_row'] = int(self._distinct_image[idx])
            item['text_row'] = [self._distinct_text.get(item['text_id'][0])]
        return item

    def __getitem__(self, idx: int) -> dict | None:
        """The sample of key ``idx`` after the pipeline; ``None`` for one that is bad."""
        try:
            return self.prepare_data(idx)
        except ValueError as error:
            self.bad += 1
            shard = self.shards[self._shard[idx % len(self)]]
            print_log(f'a bad sample of {shard} is left out, {self.bad} so far: {error}', 'current')
            return None

    def picture(self, idx: int) -> dict:
        """The encoded image of sample ``idx``, as :class:`LoadPicture` reads it."""
        path = f'{self.shards[self._shard[idx]]}, sample {idx}'
        return {'img_bytes': self._read(self._image, idx), 'img_path': path}

    def picture_views(self) -> PictureViews:
        """The distinct pictures of the set, for features that are computed once."""
        numbers: dict[bytes, int] = {}
        first = []
        rows = range(len(self))
        self._distinct_image = np.empty(len(rows), dtype=np.int64)
        for idx in tqdm(rows, unit='sample', desc='distinct pictures', disable=None):
            digest = hashlib.sha256(self._read(self._image, idx)).digest()
            if digest not in numbers:
                first.append(idx)
            self._distinct_image[idx] = numbers.setdefault(digest, len(numbers))
        return PictureViews(_Pictures(self, first), self.pipeline)

    def distinct_texts(self) -> list[str]:
        """The distinct texts of the set, for features that are computed once."""
        texts = list(dict.fromkeys(filter(None, map(self._words_or_none, range(len(self))))))
        self._distinct_text = {_number_of(text): row for row, text in enumerate(texts)}
        return texts

    def use_features(
        self, images: dict[str, FeatureStore], texts: FeatureStore | None, pixels: bool
    ) -> None:
        if self._distinct_image is None:
            self.picture_views()
        super().use_features(images, texts, pixels)

    def _read(self, members: np.ndarray, idx: int) -> bytes:
        return read_member(self.shards[self._shard[idx]], *members[idx].tolist())

    def _words(self, idx: int) -> str:
        text = self._read(self._text, idx).decode('utf-8', 'replace')
        return clean_caption(text, self.max_words, self.cleaning)

    def _words_or_none(self, idx: int) -> str | None:
        try:
            return self._words(idx)
        except ValueError:
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


class _Pictures(Sequence[dict]):
    """Samples of shards as :class:`PictureViews` reads them."""

    def __init__(self, dataset: ShardDataset, samples: list[int]) -> None:
        self.dataset = dataset
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, number: int) -> dict:
        return self.dataset.picture(self.samples[number])


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
