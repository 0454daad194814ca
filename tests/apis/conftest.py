"""A retriever that everyone can check by eye: it knows colours, in pictures and in words."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import MultiModalDataPreprocessor
from PIL import Image
from torch import nn

COLOURS = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255), 'grey': (99, 99, 99)}
PIPELINE = [
    {'type': 'pir_mm.LoadPicture', 'max_pixels': 10_000},
    {'type': 'mmpretrain.Resize', 'scale': (8, 8)},
    {'type': 'mmpretrain.PackInputs', 'algorithm_keys': ['text'], 'meta_keys': ['img_path']},
]


class ColourModel(nn.Module):
    """An embedding is the direction of the mean colour; a sentence has that of its first colour."""

    def __init__(self, width=3):
        super().__init__()
        self.mix = nn.Parameter(torch.eye(3, width))
        self.data_preprocessor = MultiModalDataPreprocessor(mean=[0, 0, 0], std=[1, 1, 1])
        self.data_preprocessor.to_rgb = True
        self.cfg = Config(
            {'model': {'width': width}, 'test_dataloader': {'dataset': {'pipeline': PIPELINE}}}
        )
        self.image_batches, self.text_batches = [], []
        self.eval()

    def encode_image(self, images):
        self.image_batches.append(len(images))
        return nn.functional.normalize(images.mean(dim=(2, 3)) @ self.mix, dim=-1)

    def tokenize(self, texts):
        rows = [
            [list(COLOURS).index(w) + 1 if w in COLOURS else 9 for w in t.split()] for t in texts
        ]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        return ids, ids > 0

    def encode_text(self, token_ids, token_mask):
        self.text_batches.append(tuple(token_ids.shape))
        table = torch.tensor([(0, 0, 0), *COLOURS.values()], dtype=torch.float32)
        first = [next(i for i in row.tolist() if 0 < i < 9) for row in token_ids]
        return nn.functional.normalize(table[first] @ self.mix, dim=-1)


@pytest.fixture
def colour_model():
    return ColourModel()


@pytest.fixture
def wide_model():
    return ColourModel(width=4)


@pytest.fixture
def pictures(tmp_path):
    """red.png, green.png, blue.jpg and grey.tif in a folder, of different sizes."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number, (name, ending) in enumerate(
        zip(COLOURS, ('png', 'png', 'jpg', 'tif'), strict=True)
    ):
        pixels = np.full((20, 12 + number, 3), COLOURS[name], dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f'{name}.{ending}')
    return folder
