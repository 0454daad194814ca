"""Features that were computed once, in place of the pictures and texts of a caption data set."""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmcv.transforms import Compose
from mmengine.structures import BaseDataElement
from torch import Tensor

from pir_mm.datasets.samplers.epoch_sampler import EpochItems, item_seeding
from pir_mm.datasets.transforms.random_turn import RandomTurn
from pir_mm.datasets.transforms.two_views import TwoViews
from pir_mm.files.checksums import file_sha256
from pir_mm.files.feature_store import FeatureStore

KEYS = ('img_path', 'image_id', 'scene', 'text', 'text_id', 'caption_id')


@dataclass(frozen=True)
class CachedFeatures:
    """What :class:`pir_mm.engine.FeatureCacheHook` computed for a set of captioned pictures.

    Args:
        images: for each encoder of images that was computed, its store. Row ``image * turns +
            turn`` belongs to an image of the set in one of its orientations.
        texts: store of the text encoder, a row for each distinct text of the set; or ``None``.
        turns: orientations of an image, of which one is drawn for each item.
        two_views: whether another one is drawn for a second view.
        pixels: whether a part of the model still reads the picture itself.

    Raises:
        ValueError: if there are two views, and a part still reads the picture.
    """

    images: Mapping[str, FeatureStore]
    texts: FeatureStore | None
    turns: int
    two_views: bool
    pixels: bool

    def __post_init__(self) -> None:
        if self.two_views and self.pixels:
            raise ValueError(
                'features of two views stand for the pictures of all encoders or of none: freeze '
                'every encoder of images, or leave TwoViews or FeatureCacheHook out'
            )

    def pack(self, item: dict, pipeline: Callable[[dict], dict | None]) -> dict | None:
        """The sample of an item: with ``features`` and ``text_features``, as needed ``inputs``."""
        turn = random.randrange(self.turns)
        row = item['image_row'] * self.turns
        if self.pixels:
            packed = pipeline({**item, 'turn': turn})
            if packed is None:
                return None
        else:
            known = {key: item[key] for key in KEYS if key in item}
            packed = {'data_samples': BaseDataElement(metainfo=known)}
        packed['features'] = {part: store.row(row + turn) for part, store in self.images.items()}
        if self.two_views:
            row += random.randrange(self.turns)
            packed['second_features'] = {p: store.row(row) for p, store in self.images.items()}
        if self.texts is not None:
            packed['text_features'] = [self.texts.row(number)[0] for number in item['text_row']]
        return packed


class FeatureItems(EpochItems):
    """The part of a dataset that may read features in place of pictures and texts.

    An item then needs ``image_row``, the row of its picture in :class:`PictureViews`, and
    ``text_row``, those of its texts.
    """

    features: CachedFeatures | None = None

    def use_features(
        self, images: Mapping[str, FeatureStore], texts: FeatureStore | None, pixels: bool
    ) -> None:
        """Read features from stores from now on, see :class:`CachedFeatures`."""
        self.features = CachedFeatures(images, texts, *turns_of(self.pipeline), pixels)

    def pack(self, item: dict) -> dict | None:
        if self.features is None:
            return super().pack(item)
        return self.features.pack(item, self.pipeline)


class PictureViews:
    """Each picture of a set in each of its orientations, after the pipeline.

    Args:
        pictures: for each what :class:`LoadPicture` reads: ``img_path``, and ``img_bytes`` if it is
            no file of its own.
        pipeline: of the set. Apart from a :class:`RandomTurn`, which may be in :class:`TwoViews`,
            it may draw nothing.
    """

    def __init__(self, pictures: Sequence[dict], pipeline: Compose) -> None:
        self.pictures = pictures
        self.transforms = list(_of_one_view(pipeline.transforms))
        self.turns = turns_of(pipeline)[0]

    def __len__(self) -> int:
        return len(self.pictures) * self.turns

    def __getitem__(self, row: int) -> Tensor:
        """Pixels ``(3, H, W)`` uint8 of a row, as :class:`CachedFeatures` counts them."""
        image, turn = divmod(row, self.turns)
        item = {**self.pictures[image], 'image_id': image, 'turn': turn}
        for step in self.transforms:
            item = step(item)
        return item['inputs']

    def made_from(self) -> dict[str, str]:
        """What the pixels depend on, for the card of a store."""
        digest = hashlib.sha256()
        for picture in self.pictures:
            digest.update(_sha256(picture).encode())
        steps = [repr(step) for step in self.transforms[:-1]]
        return {'pictures': digest.hexdigest(), 'pipeline': '; '.join(steps)}

    def check_pipeline(self) -> None:
        """Raise a ValueError, which names it, if a transform beside :class:`RandomTurn` draws."""
        item = {**self.pictures[0], 'image_id': 0, 'turn': 0}
        for step in self.transforms[:-1]:
            outcomes = []
            for seed in range(8):
                with item_seeding(seed, 0, 0):
                    outcomes.append(step(deepcopy(item)))
            if any(not np.array_equal(each['img'], outcomes[0]['img']) for each in outcomes):
                raise ValueError(
                    f'{type(step).__name__} draws anew for each sample, so that nothing can be '
                    'computed once: take it out of the pipeline (pir_mm.RandomTurn may stay), or '
                    'do without FeatureCacheHook'
                )
            item = outcomes[0]


def turns_of(pipeline: Compose) -> tuple[int, bool]:
    """Orientations that the pipeline of a set makes of a picture, and whether it draws two."""
    two = any(isinstance(step, TwoViews) for step in pipeline.transforms)
    found = [s.turns for s in _of_one_view(pipeline.transforms) if isinstance(s, RandomTurn)]
    return (found[0] if found else 1), two


def _sha256(picture: dict) -> str:
    if 'img_bytes' in picture:
        return hashlib.sha256(picture['img_bytes']).hexdigest()
    return file_sha256(Path(picture['img_path']))


def _of_one_view(transforms: Sequence[Callable]) -> Iterator[Callable]:
    for step in transforms:
        yield from step.transforms if isinstance(step, TwoViews) else [step]
