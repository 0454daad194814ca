"""A trained model beside the model of a run, such as the filter of a cascade."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.device import get_device
from torch.utils.data import DataLoader, Dataset

from pir_mm.engine.checkpoint_loading import trained_model
from pir_mm.registry import FUNCTIONS

BATCH = 64


def stage_config(place: str, files: Mapping[str, Any]) -> Config:
    """The config of a stage, after a check of what names its files.

    Args:
        place: of ``files`` in the config of the run, for messages.
        files: ``dict(config=..., checkpoint=...)``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if ``files`` has other keys than ``config`` and ``checkpoint``.
    """
    if not isinstance(files, Mapping) or set(files) != {'config', 'checkpoint'}:
        raise ValueError(
            f'{place} must be dict(config=..., checkpoint=...), or, with the tools, the '
            f'name of a public retriever, got {files!r}'
        )
    for file in files.values():
        if not Path(file).is_file():
            raise FileNotFoundError(f'{place}: {file} does not exist')
    return Config.fromfile(files['config'], lazy_import=False)


class OtherStage:
    """A model from its own files, which prepares pictures and captions in its own way.

    Its pipeline and how it cleans captions are those of ``test_dataloader`` in its config, and its
    tokenizer is its own.

    Args:
        place: of ``files`` in the config of the run, such as ``'cascade.filter'``, for messages.
        files: ``dict(config=..., checkpoint=...)``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if ``files`` has other keys, the config has no ``test_dataloader``, or the
            checkpoint is none of this model.
    """

    def __init__(self, place: str, files: Mapping[str, Any]) -> None:
        self.place = place
        config = stage_config(place, files)
        if config.get('test_dataloader') is None:
            raise ValueError(
                f'{place}: {files["config"]} has no test_dataloader, which says how its '
                'model prepares pictures and captions'
            )
        self.model = trained_model(config, files['checkpoint'], get_device())

    @torch.no_grad()
    def samples(self, dataset: Dataset, workers: int) -> Iterator[Any]:
        """What the model's ``predict`` gives for a split, the share of this process.

        Args:
            dataset: of the run, with ``read_as`` as :class:`pir_mm.datasets.CaptionDataset` has it.
            workers: of the loader.

        Raises:
            ValueError: if the dataset cannot be read in another way.
        """
        if not hasattr(dataset, 'read_as'):
            raise ValueError(
                f'{self.place} reads the split in its own way, which '
                f'{type(dataset).__name__} does not allow: use pir_mm.CaptionDataset'
            )
        own = self.model.cfg.test_dataloader
        dataset = dataset.read_as(own.dataset)
        loader = DataLoader(
            dataset,
            own.get('batch_size', BATCH),
            sampler=DefaultSampler(dataset, shuffle=False),
            num_workers=workers,
            collate_fn=partial(
                FUNCTIONS.get('pir_mm.collate_pairs'), tokenizer=self.model.tokenizer
            ),
        )
        for batch in loader:
            yield from self.model.val_step(batch)
