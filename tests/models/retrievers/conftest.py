"""A model of a few thousand weights, and batches for it."""

import logging

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from pir_mm.registry import TASK_UTILS
from pir_mm.structures.pair_batch import PairBatch

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
CONFIG = dict(
    type='pir_mm.PIR',
    image_encoder=dict(type='pir_mm.ImageEncoder', backbone=RESNET, dim=8),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=8,
        vocab_size=64,
        hidden_size=8,
        layers=1,
        heads=2,
        intermediate_size=16,
        max_positions=16,
    ),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=8),
    head=dict(type='pir_mm.RetrievalHead'),
    tokenizer=dict(type='pir_mm.LetterSums'),
    instruction_encoder=dict(type='pir_mm.InstructionEncoder', backbone=RESNET, dim=8),
    selector=dict(type='pir_mm.BeliefSelector', keep=3),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=8, layers=1, heads=2),
    temporal_pae=dict(type='pir_mm.TemporalPAE', dim=8, layers=1, heads=2),
    data_preprocessor=dict(type='pir_mm.PairPreprocessor'),
)


@TASK_UTILS.register_module(force=True)
class LetterSums:
    """One token per word, numbered by its letters."""

    def __call__(self, texts):
        rows = [[2, *(5 + sum(map(ord, word)) % 50 for word in text.split()), 3] for text in texts]
        longest = max(map(len, rows), default=0)
        ids = [row + [0] * (longest - len(row)) for row in rows]
        token_ids = torch.tensor(ids, dtype=torch.long).view(len(rows), longest)
        return token_ids, token_ids != 0


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def build():
    """The model with changes to its config; in eval mode, always the same weights."""

    def build(**changes):
        torch.manual_seed(0)
        return MODELS.build({**CONFIG, **changes}).eval()

    return build


@pytest.fixture
def samples():
    """Data samples with the texts given, one argument for each picture."""

    def samples(*texts, scene=None):
        made = []
        for number, text in enumerate(texts):
            sample = DataSample(metainfo=dict(image_id=10 + number))
            if text is not None:
                sample.text = text
            if scene is not None:
                sample.scene = scene[number]
            made.append(sample)
        return made

    return samples


@pytest.fixture
def images():
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def batch(images):
    """A batch of an evaluation with the texts given, one argument for each image."""

    def batch(*texts, scene=None):
        words = {text: n for n, text in enumerate(dict.fromkeys(t for own in texts for t in own))}
        rows = [row for row, own in enumerate(texts) for _ in own]
        flat = [text for own in texts for text in own]
        token_ids, token_mask = LetterSums()(flat)
        length = token_mask.sum(dim=1)
        order = length.argsort(stable=True)
        row_of_text = torch.tensor(rows, dtype=torch.long)
        text_id = torch.tensor([words[text] for text in flat], dtype=torch.long)
        return PairBatch(
            images=images[: len(texts)],
            token_ids=token_ids[order],
            token_mask=token_mask[order],
            text_length=length[order],
            image_of_text=row_of_text[order],
            image_id=torch.arange(10, 10 + len(texts)),
            text_id=text_id[order],
            scene=torch.tensor(scene or [-1] * len(texts)),
            n_scenes=max(scene or [-1]) + 1,
            caption_id=text_id,
            image_of_caption=row_of_text,
        )

    return batch
