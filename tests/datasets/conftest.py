"""Small generated caption sets."""

import json

import numpy as np
import pytest
from PIL import Image


def draw(path, size=(24, 32), seed=0):
    """A picture of smooth colours that JPEG keeps recognisable."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (3, 4, 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    small.resize((size[1], size[0]), Image.Resampling.BILINEAR).save(path)


@pytest.fixture
def draw_picture():
    return draw


@pytest.fixture
def make_set(tmp_path):
    """Write a prepared layout of (filename, split, captions[, class]) and return its folder."""

    def make(*pictures, name='mine'):
        root = tmp_path / name
        entries = []
        for number, (filename, split, captions, *scene) in enumerate(pictures):
            draw(root / 'images' / filename, seed=number)
            sentences = [{'raw': caption} for caption in captions]
            entry = {'filename': filename, 'split': split, 'sentences': sentences}
            entries.append(entry | ({'class': scene[0]} if scene else {}))
        (root / 'captions.json').write_text(json.dumps({'dataset': name, 'images': entries}))
        return root

    return make
