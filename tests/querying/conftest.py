"""What embeds queries by their colour, without a model."""

import numpy as np
import pytest
from PIL import Image

from pir_mm.files.pictures import pixels_of, read_picture
from tests.search.filling import model

COLOURS = {'red': (1, 0, 0), 'green': (0, 1, 0), 'blue': (0, 0, 1)}


class ColourEmbedder:
    """A sentence has the direction of its first colour, a picture of its mean one."""

    fingerprint, arithmetic, tokenizer = model(3), 'fp32', None

    def __init__(self):
        self.loaded, self.batches = [], []

    def load(self, for_pictures=False):
        self.loaded.append(for_pictures)

    def embed_texts(self, strings):
        self.batches.append(len(strings))
        first = [next(word for word in text.split() if word in COLOURS) for text in strings]
        return np.array([COLOURS[word] for word in first], dtype=np.float32)

    def embed_images(self, pictures):
        self.batches.append(len(pictures))
        pixels = [pixels_of(p) if isinstance(p, np.ndarray) else read_picture(p) for p in pictures]
        means = np.array([part.mean(axis=(0, 1))[::-1] for part in pixels], dtype=np.float32)
        return means / np.linalg.norm(means, axis=-1, keepdims=True)


@pytest.fixture
def embedder():
    return ColourEmbedder()


@pytest.fixture
def pictures(tmp_path):
    """red.png, green.png and blue.png in a folder."""
    for name, colour in COLOURS.items():
        pixels = np.full((4, 5, 3), colour, dtype=np.uint8) * np.uint8(255)
        Image.fromarray(pixels).save(tmp_path / f'{name}.png')
    return tmp_path
