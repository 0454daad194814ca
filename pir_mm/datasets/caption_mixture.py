"""Several caption sets trained or evaluated as one."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from torch.utils.data import Dataset

from pir_mm.datasets.caption_dataset import CaptionDataset
from pir_mm.datasets.caption_items import Numbering
from pir_mm.datasets.samplers.epoch_sampler import EpochItems
from pir_mm.registry import DATASETS


@DATASETS.register_module()
class CaptionMixture(EpochItems, Dataset):
    """Caption sets in a row, in which an image, a text and a scene have one number each.

    mmengine's ``ConcatDataset`` leaves every set its own numbers, so that two images with one
    ``image_id`` count as one image. Here image ids are counted through, a caption of the same words
    has one text id in all sets, and scenes are joined by name.

    Args:
        datasets: configs of :class:`CaptionDataset`, or such datasets, all for training or all in
            test mode.
        seed: of the items under an :class:`EpochSampler`, in place of the sampler's.

    Raises:
        ValueError: if there is no set, if one is no caption set, or if some are in test mode only.
    """

    def __init__(self, datasets: Sequence[dict | CaptionDataset], seed: int | None = None) -> None:
        self.datasets = [DATASETS.build(d) if isinstance(d, dict) else d for d in datasets]
        for part in self.datasets:
            if not isinstance(part, CaptionDataset):
                raise ValueError(f'a CaptionMixture is made of CaptionDataset, not {type(part)}')
        if len({part.test_mode for part in self.datasets}) != 1:
            raise ValueError('a CaptionMixture needs sets, and all or none of them in test mode')
        self.test_mode = self.datasets[0].test_mode
        self.own_item_seed = seed
        for part in self.datasets:
            part.full_init()
        scenes = sorted({name for part in self.datasets for name in part.metainfo['scenes']})
        self.metainfo = {'scenes': tuple(scenes)}
        self._ends = np.cumsum([len(part) for part in self.datasets]).tolist()
        self._number(scenes)

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, idx: int) -> dict:
        return self.prepare_data(idx)

    def get_data_info(self, idx: int) -> dict:
        """Item ``idx`` before the pipeline; its key ``part`` tells its set."""
        number = bisect_right(self._ends, idx)
        start = self._ends[number - 1] if number else 0
        return self.datasets[number].get_data_info(idx - start) | {'part': number}

    def draw(self, item: dict) -> dict:
        return self.datasets[item['part']].draw(item)

    def pack(self, item: dict) -> dict | None:
        return self.datasets[item['part']].pack(item)

    def _number(self, scenes: list[str]) -> None:
        label = {name: number for number, name in enumerate(scenes)}
        ids: dict[str, int] = {}
        first_image = 0
        for part in self.datasets:
            part.numbering = None
            items = [part.get_data_info(index) for index in range(len(part))]
            texts = {
                n: t for item in items for n, t in zip(item['text_id'], item['text'], strict=True)
            }
            text = np.full(1 + max(texts, default=-1), -1)
            for number, words in sorted(texts.items()):
                text[number] = ids.setdefault(words, len(ids))
            scene = [label[name] for name in part.metainfo['scenes']]
            part.numbering = Numbering(first_image, np.array(scene, int), text)
            first_image += 1 + max(item['image_id'] for item in items)
