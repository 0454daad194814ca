"""Pictures with captions, for training and for retrieval in both directions."""

import os
import random
from collections.abc import Callable, Iterator, Sequence

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from pir_mm.datasets.caption_cleaning import caption_words, clean_caption
from pir_mm.datasets.caption_file import LABELS, number_scenes, read_caption_file, scene_name
from pir_mm.datasets.layout import CAPTIONS, IMAGES, require_pictures
from pir_mm.datasets.samplers.epoch_sampler import item_seeding
from pir_mm.registry import DATASETS


def clean_sentences(entry: dict, max_words: int) -> tuple[list[str], int]:
    """Cleaned captions of a picture, in file order, and how many of them were cut.

    Raises:
        ValueError: if a caption is empty; names the picture and the caption.
    """
    captions, cut = [], 0
    for number, sentence in enumerate(entry['sentences']):
        words = caption_words(sentence['raw'])
        if not words:
            raise ValueError(
                f'caption {number} of picture {entry["filename"]} is empty after cleaning: '
                f'{sentence["raw"]!r}; give it words or remove it'
            )
        cut += len(words) > max_words
        captions.append(clean_caption(sentence['raw'], max_words))
    return captions, cut


def training_items(pictures: list[dict], sampling: str) -> list[dict]:
    """One item per caption (``'caption'``), or one per picture with its distinct captions."""
    items = []
    for picture in pictures:
        captions = picture['captions']
        distinct = list(dict.fromkeys(captions))
        texts = [[caption] for caption in captions] if sampling == 'caption' else [distinct]
        base = {key: picture[key] for key in ('img_path', 'image_id', 'scene')}
        items.extend({**base, 'text': text} for text in texts)
    return items


def evaluation_items(pictures: list[dict]) -> list[dict]:
    """One item per picture, in which each distinct caption is owned by its first picture.

    Encoding a caption once keeps the tie between two pictures that share it a tie, whatever the
    precision and the number of processes, and saves work.
    """
    ids: dict[str, int] = {}
    items = []
    for picture in pictures:
        owned = [c for c in dict.fromkeys(picture['captions']) if c not in ids]
        for caption in owned:
            ids[caption] = len(ids)
        caption_id = [ids[caption] for caption in picture['captions']]
        text_id = [ids[caption] for caption in owned]
        items.append({**picture, 'text': owned, 'text_id': text_id, 'caption_id': caption_id})
    return items


@DATASETS.register_module()
class CaptionDataset(BaseDataset):
    """A prepared caption data set (RSICD, UCM, RSITMD, Sydney, one's own).

    An item enters the pipeline with ``img_path``, ``image_id`` (position of the picture in its
    split), ``scene`` (label, -1 where unknown) and ``text`` (cleaned captions to encode). In test
    mode there is one item per picture, with ``caption_id`` (distinct-text ids of all its captions
    in file order), ``captions`` (those captions) and ``text_id`` (ids of ``text``); a caption that
    several pictures share stands in the ``text`` of the first alone, so ``text`` may be empty.

    The key of an item may be ``epoch * len(dataset) + index`` (:class:`EpochSampler`). All that is
    random in an item is seeded by (seed, epoch, index); a plain index means epoch 0, always.

    Args:
        ann_file: caption file, relative to ``data_root``.
        data_root: folder of the data set.
        split: ``train``, ``val`` or ``test``.
        sampling: of training items. ``'caption'``: one per caption, repeats included (as Pan et
            al., *PIR*, ACM MM 2023). ``'image'``: one per picture, with distinct captions of it,
            drawn anew each epoch.
        captions_per_image: captions drawn by ``sampling='image'``, fewer where a picture has fewer.
        scenes: scene names, whose order gives the labels; by default all of the file, sorted.
        label: ``'class'`` or ``'filename'``, see :func:`scene_name`.
        max_words: words kept of a caption; longer ones are cut, counted and logged.
        seed: of the items; None takes the seed of the :class:`EpochSampler`, else 0.
        data_prefix: folder of the pictures, by default ``dict(img_path='images')``.
        indices: the first n items only (or those listed); in test mode the captions of the other
            pictures are left out. Use it rather than ``get_subset`` there.
        metainfo, serialize_data, pipeline, test_mode, lazy_init: as in ``BaseDataset``.

    Raises:
        FileNotFoundError: if the caption file or pictures are missing; names the command that
            makes them.
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
        max_words: int = 30,
        seed: int | None = None,
        data_prefix: dict | None = None,
        indices: int | Sequence[int] | None = None,
        metainfo: dict | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if sampling not in ('caption', 'image'):
            raise ValueError(f"sampling must be 'caption' or 'image', got {sampling!r}")
        if label not in LABELS:
            raise ValueError(f"label must be 'class' or 'filename', got {label!r}")
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
        self.max_words = max_words
        self.seed = seed
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
        entries = read_caption_file(self.ann_file)
        scenes = number_scenes({scene_name(entry, self.label) for entry in entries}, self.scenes)
        self._metainfo['scenes'] = tuple(scenes)
        chosen = [entry for entry in entries if entry['split'] == self.split]
        if not chosen:
            known = ', '.join(sorted({entry['split'] for entry in entries}))
            raise ValueError(
                f'{self.ann_file} has no picture of split {self.split!r}; it has {known}'
            )
        folder = self.data_prefix['img_path']
        require_pictures(folder, [entry['filename'] for entry in chosen])
        pictures, cut = [], 0
        for image_id, entry in enumerate(chosen):
            captions, too_long = clean_sentences(entry, self.max_words)
            cut += too_long
            pictures.append(
                {
                    'img_path': os.path.join(folder, entry['filename']),
                    'image_id': image_id,
                    'scene': scenes.get(scene_name(entry, self.label), -1),
                    'captions': captions,
                }
            )
        if cut:
            print_log(f'{self.split}: {cut} captions cut to {self.max_words} words', 'current')
        if not self.test_mode:
            return training_items(pictures, self.sampling)
        if self._indices is not None:
            self.data_list = pictures
            pictures, self._indices = self._get_unserialized_subset(self._indices), None
        return evaluation_items(pictures)

    def __iter__(self) -> Iterator[dict]:
        # Without this a loop would never end: every index is that of some epoch.
        return (self[index] for index in range(len(self)))

    def prepare_data(self, idx: int) -> dict:
        """The item of key ``idx`` (``epoch * len(self) + index``) after the pipeline."""
        epoch, index = divmod(idx, len(self)) if idx >= 0 else (0, idx + len(self))
        item = self.get_data_info(index)
        with item_seeding(self.seed or 0, epoch, index):
            if self.sampling == 'image' and not self.test_mode:
                count = min(self.captions_per_image, len(item['text']))
                item['text'] = random.sample(item['text'], count)
            packed = self.pipeline(item)
        if packed is None:
            raise ValueError(f'a transform of the pipeline returned None for {item["img_path"]}')
        return packed
