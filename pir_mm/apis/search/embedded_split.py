"""The embeddings of a split that a config evaluates on, with all that is known of it."""

from dataclasses import dataclass

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.search.embedding import embed_images, embed_texts
from pir_mm.evaluation import EmbeddedSet
from pir_mm.registry import DATASETS

SPLITS = ('val', 'test')


@dataclass(frozen=True, eq=False)
class EmbeddedSplit:
    """A split of ``N`` pictures and their ``M`` captions, embedded.

    Args:
        embedded: vectors, scenes, and whose each caption is.
        text_id: ``(M,)`` long, the same for captions of the same words.
        paths: of the pictures.
        captions: cleaned, those of a picture together.
        scenes: names of the labels in ``embedded.scene``.
    """

    embedded: EmbeddedSet
    text_id: Tensor
    paths: list[str]
    captions: list[str]
    scenes: list[str]


def embed_split(model: nn.Module, split: str = 'test', batch_size: int = 64) -> EmbeddedSplit:
    """Embed every picture and every distinct caption of a split.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`; its config names the data.
        split: ``'val'`` or ``'test'``, that dataloader of the config.
        batch_size: pictures per step.

    Raises:
        ValueError: for another split, or a config without that dataloader.
        FileNotFoundError: if data are missing.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, got {split!r}')
    loader = model.cfg.get(f'{split}_dataloader')
    if loader is None:
        raise ValueError(f'the config has no {split}_dataloader')
    with DefaultScope.overwrite_default_scope('pir_mm'):
        dataset = DATASETS.build(loader.dataset)
    items = [dataset.get_data_info(index) for index in range(len(dataset))]
    paths = [item['img_path'] for item in items]
    captions = [caption for item in items for caption in item['captions']]
    embedded = EmbeddedSet(
        torch.from_numpy(embed_images(model, paths, batch_size)),
        torch.tensor([item['scene'] for item in items]),
        torch.from_numpy(embed_texts(model, captions)),
        torch.arange(len(items)).repeat_interleave(
            torch.tensor([len(item['captions']) for item in items])
        ),
    )
    text_id = torch.tensor([number for item in items for number in item['caption_id']])
    return EmbeddedSplit(embedded, text_id, paths, captions, list(dataset.metainfo['scenes']))
