"""mmpretrain's own retrieval tools run on our models."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.apis import ImageToTextRetrievalInferencer, TextToImageRetrievalInferencer
from PIL import Image
from torch.testing import assert_close

TEXTS = ['a lake', 'two planes', 'a runway and planes']
PIPELINE = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(64, 64)),
    dict(type='mmpretrain.PackInputs', algorithm_keys=['text'], meta_keys=['img_path']),
]


@pytest.fixture
def model(build):
    model = build(
        data_preprocessor=dict(
            type='mmpretrain.MultiModalDataPreprocessor', mean=[120] * 3, std=[60] * 3, to_rgb=True
        )
    )
    model._config = Config(dict(test_dataloader=dict(dataset=dict(pipeline=PIPELINE))))
    return model


@pytest.fixture
def pictures(tmp_path):
    random = np.random.default_rng(0)
    arrays = random.integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
    for number, array in enumerate(arrays):
        Image.fromarray(array).save(tmp_path / f'{number}.png')
    return [str(tmp_path / f'{number}.png') for number in range(3)], arrays


def scores(model, arrays):
    images = torch.from_numpy(arrays).permute(0, 3, 1, 2).float().sub(120).div(60)
    with torch.no_grad():
        return model.encode_image(images) @ model.encode_text(*model.tokenize(TEXTS)).T


def test_text_to_image(model, pictures):
    paths, arrays = pictures
    found = TextToImageRetrievalInferencer(model, prototype=paths)(TEXTS, topk=3, batch_size=2)
    for result, row in zip(found, scores(model, arrays).T, strict=True):
        assert [match['sample']['img_path'] for match in result] == [
            paths[i] for i in row.argsort(descending=True)
        ]
        assert_close(torch.stack([match['match_score'] for match in result]), row.sort()[0].flip(0))


def test_image_to_text(model, pictures):
    paths, arrays = pictures
    found = ImageToTextRetrievalInferencer(model, prototype=TEXTS)(paths, topk=3, batch_size=2)
    for result, row in zip(found, scores(model, arrays), strict=True):
        assert [match['text'] for match in result] == [
            TEXTS[i] for i in row.argsort(descending=True)
        ]
        assert_close(torch.stack([match['match_score'] for match in result]), row.sort()[0].flip(0))
