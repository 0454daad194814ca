"""Pictures to index."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Four pictures of coarse noise."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in ('a.png', 'b.png', 'c.jpg', 'd.bmp'):
        pixels = generator.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((60, 48), Image.Resampling.NEAREST).save(folder / name)
    return folder
