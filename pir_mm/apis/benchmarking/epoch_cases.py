"""Loading, from files and shards, and epochs: a picture a sample, features computed once."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch
from mmengine.registry import DefaultScope
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import pil_to_tensor

from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.apis.data import make_scenes
from pir_mm.apis.data.sharding import make_shards
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.weights.model_hub import model_index_file
from pir_mm.datasets import BlockSampler, CaptionDataset, collate_pairs
from pir_mm.engine import FeatureCacheHook
from pir_mm.registry import DATASETS, MODELS, TASK_UTILS

PICTURES, SIZE, BATCH = 256, 224, 32


def loading() -> Contest:
    """Pixels and texts of 256 PNG pictures of 224 pixels, in one process."""
    folder, data = _scenes()
    dataset = _dataset(data, sampling='image')

    def ours(folder: tempfile.TemporaryDirectory = folder) -> np.ndarray:
        batches = DataLoader(dataset, BATCH, collate_fn=partial(collate_pairs, tokenizer=_no_words))
        return torch.cat([batch.images for batch in batches]).numpy()[:, ::-1]

    def alternative() -> np.ndarray:
        return torch.cat(list(DataLoader(_PlainPictures(data, dataset), BATCH))).numpy()

    return Contest(
        ours, alternative, _same_pixels, 'Pillow, torchvision and a float image in the worker',
        'pixels within 3 of 255, on average within 1',
    )  # fmt: skip


def epoch_by_image() -> Contest:
    """Loading an epoch with a picture a sample and all its captions."""
    folder, data = _scenes()
    by_image, by_caption = (_dataset(data, sampling=way) for way in ('image', 'caption'))
    collate = partial(collate_pairs, tokenizer=_no_words)

    def texts(dataset: Dataset, folder: tempfile.TemporaryDirectory = folder) -> list[int]:
        batches = DataLoader(dataset, BATCH, collate_fn=collate)
        return sorted({int(text) for batch in batches for text in batch.text_id})

    return Contest(
        lambda: texts(by_image), lambda: texts(by_caption), lambda own, other: own == other,
        'a caption a sample, which decodes each picture five times', 'the same captions',
    )  # fmt: skip


def stream(pictures: int = 128) -> Contest:
    """A pass over pairs in shards, five of each picture, as CLIP's pre-training reads them.

    The system keeps all of it in memory, so that this says nothing about disks.
    """
    folder, data = _scenes(pictures)
    make_shards(data, data.with_name('shards'))
    configs = model_index_file().parent / 'configs' / 'clip'
    config = load_config(configs / 'clip_rs5m.py')
    shards = config.train_dataloader.dataset
    files = load_config(configs / 'clip_ft_rsicd.py').train_dataloader.dataset
    shards.shards, files.data_root = str(data.with_name('shards')), str(data)
    collate = partial(collate_pairs, tokenizer=TASK_UTILS.build(config.model.tokenizer))

    def loader(dataset: dict) -> DataLoader:
        with DefaultScope.overwrite_default_scope('pir_mm'):
            dataset = DATASETS.build(dataset)
        sampler = BlockSampler(dataset, seed=0)
        return DataLoader(dataset, BATCH, sampler=sampler, collate_fn=collate)

    def samples(
        loader: DataLoader, folder: tempfile.TemporaryDirectory = folder
    ) -> list[torch.Tensor]:
        return [values for batch in loader for values in (batch.images, batch.token_ids)]

    ours, alternative = loader(shards), loader(files)
    return Contest(
        lambda: samples(ours), lambda: samples(alternative), _all_equal,
        'the files of a caption set, in the same order', 'the same pixels and tokens',
    )  # fmt: skip


def epoch_cached() -> Contest:
    """An epoch of heads on EfficientNet-Lite0 and MiniLM, both frozen, 256 pictures.

    The features are computed before, in the round that warms up.
    """
    folder, data = _scenes()
    config = load_config(
        model_index_file().parent / 'configs' / 'pir' / 'pretrained' / 'pir_lite_baseline_rsicd.py'
    )
    model = config.model
    model.image_encoder.init = model.text_encoder.init = 'random'
    model.image_encoder.dropout = 0.0
    model.tokenizer.vocab = str(data / 'vocab.txt')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('pir_mm'):
        model = MODELS.build(model)
    start = {name: value.clone() for name, value in model.state_dict().items()}
    collate = partial(collate_pairs, tokenizer=model.tokenizer)
    plain, cached = (
        DataLoader(_dataset(data, sampling='image'), BATCH, collate_fn=collate) for _ in range(2)
    )
    hook = FeatureCacheHook(str(data / 'features'))

    def epoch(loader: DataLoader, folder: tempfile.TemporaryDirectory = folder) -> float:
        model.load_state_dict(start)
        model.train()
        optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
        for batch in loader:
            losses = model.loss(model.data_preprocessor(batch)['batch'])
            optimizer.zero_grad()
            losses['loss_contrastive'].backward()
            optimizer.step()
        return losses['loss_contrastive'].item()

    def ours() -> float:
        hook.equip(model, cached)
        return epoch(cached)

    return Contest(
        ours, lambda: epoch(plain), lambda own, other: abs(own - other) <= 0.02 * other,
        'both encoders run in each epoch', 'the last loss, 2 % of it',
    )  # fmt: skip


class _PlainPictures(Dataset):
    """Pictures as a first script loads them."""

    def __init__(self, data: Path, dataset: CaptionDataset) -> None:
        self.paths = [dataset.get_data_info(index)['img_path'] for index in range(len(dataset))]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as picture:
            return pil_to_tensor(picture.convert('RGB')).float() / 255


def _scenes(pictures: int = PICTURES) -> tuple[tempfile.TemporaryDirectory, Path]:
    """Generated scenes, in a folder that lives as long as the contest."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    data = Path(folder.name) / 'scenes'
    make_scenes(data, n_images=round(pictures / 0.7), size=SIZE, log=lambda line: None)
    return folder, data


def _dataset(data: Path, sampling: str) -> CaptionDataset:
    pack = dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'text_id', 'scene'],
        meta_keys=['image_id', 'img_path'],
    )
    dataset = CaptionDataset(
        data_root=f'{data}/', sampling=sampling, pipeline=[dict(type='pir_mm.LoadPicture'), pack]
    )
    dataset.item_seed = 0
    return dataset


def _no_words(texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(len(texts), 1).long(), torch.ones(len(texts), 1).bool()


def _all_equal(ours: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(own, wanted) for own, wanted in zip(ours, other, strict=True))


def _same_pixels(ours: np.ndarray, other: np.ndarray) -> bool:
    fault = np.abs(ours - 255 * other)
    return bool(fault.max() <= 3 and fault.mean() <= 1)
