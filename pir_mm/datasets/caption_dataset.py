"""Images with captions, for training and for retrieval in both directions."""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from pir_mm.datasets.cached_features import FeatureItems, PictureViews
from pir_mm.datasets.caption_file import LABELS, number_scenes, read_caption_file, scene_name
from pir_mm.datasets.caption_items import (
    Numbering,
    cleaned_captions,
    evaluation_items,
    training_items,
)
from pir_mm.datasets.layout import CAPTIONS, IMAGES, require_pictures
from pir_mm.files.texts import read_names
from pir_mm.functional.caption_cleaning import CLEANINGS
from pir_mm.registry import DATASETS

PACK = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
"""The last transform of an evaluation."""


@DATASETS.register_module()
class CaptionDataset(FeatureItems, BaseDataset):
    """A prepared caption data set (RSICD, UCM, RSITMD, Sydney, one's own).

    An item enters the pipeline with ``img_path``, ``image_id`` (position of the image in its
    split), ``scene`` (label, -1 where unknown), ``text`` (cleaned captions to encode) and
    ``text_id`` (equal for captions of the same words). In test mode there is one item per image,
    with ``captions`` (all its captions in file order) and ``caption_id`` (their text ids). There a
    caption that several images share stands in the ``text`` of the first one alone, so ``text``
    may be empty.

    A packed training item has a ``seed``, for what is drawn of its texts when they are tokenised.

    Under an :class:`EpochSampler` the key of an item is ``epoch * len(dataset) + index``, and all
    that is random in an item is seeded by (seed, epoch, index). Under another sampler training
    items are drawn from the global generators, anew each time. In test mode an item is always the
    same.

    Args:
        ann_file: caption file, relative to ``data_root``.
        data_root: folder of the data set.
        split: ``train``, ``val`` or ``test``.
        sampling: of training items. ``'caption'``: one per caption, repeats included (as Pan et
            al., *PIR*, ACM MM 2023). ``'image'``: one per image, with distinct captions of it,
            drawn anew in each epoch.
        captions_per_image: captions drawn by ``sampling='image'``; fewer where an image has fewer.
        scenes: scene names, whose order gives the labels; by default all of the file, sorted.
        label: ``'class'`` or ``'filename'``, see :func:`scene_name`.
        cleaning: of the captions, ``'pir'`` or ``'none'``, see :func:`caption_words`.
        max_words: words kept of a caption; longer captions are cut, counted and logged.
        seed: of the items under an :class:`EpochSampler`, in place of the sampler's.
        data_prefix: folder of the images, by default ``dict(img_path='images')``.
        indices: the first n items only (or those listed); in test mode the captions of the other
            images are left out. Use it rather than ``get_subset`` there.
        metainfo, serialize_data, pipeline, test_mode, lazy_init: as in ``BaseDataset``.
        leave_out: text file with the names of images that are left out, as in the caption file, one
            in a line; ``tools/audit.py mixture`` writes such lists.

    Raises:
        FileNotFoundError: if the caption file or images are missing; names the command that makes
            them.
        ValueError: for empty captions and unknown splits, scenes and options.
    """

    METAINFO = {'scenes': ()}

    def __init__(
        self,
        ann_file: str = CAPTIONS,
        data_root: str = '',
        split: str = 'train',
        sampling: str = 'caption',
        captions_per_image: int = 5,
        scenes: Sequence[str] | None = None,
        label: str = 'class',
        cleaning: str = 'pir',
        max_words: int = 30,
        seed: int | None = None,
        data_prefix: dict | None = None,
        indices: int | Sequence[int] | None = None,
        metainfo: dict | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        leave_out: str | None = None,
    ) -> None:
        words = {
            'sampling': (sampling, ('caption', 'image')),
            'label': (label, LABELS),
            'cleaning': (cleaning, CLEANINGS),
        }
        for name, (given, known) in words.items():
            if given not in known:
                raise ValueError(f'{name} must be {" or ".join(map(repr, known))}, got {given!r}')
        if captions_per_image < 1 or max_words < 1:
            raise ValueError(
                f'captions_per_image and max_words must be at least 1, '
                f'got {captions_per_image} and {max_words}'
            )
        self.split = split
        self.sampling = sampling
        self.captions_per_image = captions_per_image
        self.scenes = scenes
        self.label = label
        self.cleaning = cleaning
        self.max_words = max_words
        self.own_item_seed = seed
        self.leave_out = leave_out
        self.chosen_indices = indices
        self.numbering: Numbering | None = None
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root,
            data_prefix=data_prefix or {'img_path': IMAGES},
            indices=indices,
            serialize_data=serialize_data,
            pipeline=pipeline,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        annotations = read_caption_file(self.ann_file)
        scenes = number_scenes({scene_name(a, self.label) for a in annotations}, self.scenes)
        self._metainfo['scenes'] = tuple(scenes)
        chosen = [annotation for annotation in annotations if annotation['split'] == self.split]
        if not chosen:
            known = ', '.join(sorted({annotation['split'] for annotation in annotations}))
            raise ValueError(
                f'{self.ann_file} has no picture of split {self.split!r}; it has {known}'
            )
        if self.leave_out is not None:
            chosen = self._without_left_out(chosen)
        folder = self.data_prefix['img_path']
        require_pictures(folder, [annotation['filename'] for annotation in chosen])
        images, cut = [], 0
        for image_id, annotation in enumerate(chosen):
            captions, too_long = cleaned_captions(annotation, self.cleaning, self.max_words)
            cut += too_long
            images.append(
                {
                    'img_path': os.path.join(folder, annotation['filename']),
                    'image_id': image_id,
                    'scene': scenes.get(scene_name(annotation, self.label), -1),
                    'captions': captions,
                }
            )
        if cut:
            print_log(f'{self.split}: {cut} captions cut to {self.max_words} words', 'current')
        if not self.test_mode:
            return training_items(images, self.sampling)
        if self._indices is not None:
            self.data_list = images
            images, self._indices = self._get_unserialized_subset(self._indices), None
        return evaluation_items(images)

    def _without_left_out(self, chosen: list[dict]) -> list[dict]:
        there = {annotation['filename'] for annotation in chosen}
        own = f'split {self.split!r} of {self.ann_file}'
        unwanted = read_names(self.leave_out, there, own)
        kept = [annotation for annotation in chosen if annotation['filename'] not in unwanted]
        if not kept:
            raise ValueError(f'{self.leave_out} leaves nothing of split {self.split!r}')
        return kept

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        if self.features is not None:
            info |= {'image_row': info['image_id'], 'text_row': info['text_id']}
        return info if self.numbering is None else self.numbering.of(info)

    def draw(self, item: dict) -> dict:
        """Draw the captions of a training image."""
        if self.sampling == 'image' and not self.test_mode:
            count = min(self.captions_per_image, len(item['text']))
            drawn = random.sample(range(len(item['text'])), count)
            for key in ('text', 'text_id', 'text_row'):
                if key in item:
                    item[key] = [item[key][number] for number in drawn]
        return item

    def read_as(self, other: Mapping[str, Any]) -> 'CaptionDataset':
        """The same evaluation as another model wants it, whose images and texts it must prepare.

        Images and captions keep their numbers and order. Texts are numbered anew: what one cleaning
        makes equal another one need not.

        Args:
            other: config of that model's evaluation, of which ``pipeline``, ``cleaning`` and
                ``max_words`` are taken.
        """
        steps = [step for step in other['pipeline'] if step['type'].split('.')[-1] != 'PackInputs']
        reading = {key: other[key] for key in ('cleaning', 'max_words') if key in other}
        return type(self)(
            ann_file=self.ann_file,
            split=self.split,
            scenes=self.scenes,
            label=self.label,
            data_prefix=dict(self.data_prefix),
            indices=self.chosen_indices,
            pipeline=[*steps, PACK],
            test_mode=True,
            leave_out=self.leave_out,
            **reading,
        )

    def picture_views(self) -> PictureViews:
        """The pictures of the set by image id, for features that are computed once."""
        paths = {}
        for index in range(len(self)):
            info = super().get_data_info(index)
            paths[info['image_id']] = info['img_path']
        pictures = [{'img_path': paths[image]} for image in range(len(paths))]
        return PictureViews(pictures, self.pipeline)

    def distinct_texts(self) -> list[str]:
        """The texts of the set by text id."""
        texts = {}
        for index in range(len(self)):
            info = super().get_data_info(index)
            texts.update(zip(info['text_id'], info['text'], strict=True))
        return [texts[text] for text in range(len(texts))]

    def pack(self, item: dict) -> dict | None:
        packed = super().pack(item)
        if packed is not None and not self.test_mode:
            packed['seed'] = random.getrandbits(63)
        return packed
