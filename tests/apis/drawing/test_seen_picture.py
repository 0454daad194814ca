"""What is drawn is what the model sees, and the grid of the tokens lies over just that."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pir_mm.apis.drawing.seen_picture import see_picture, token_grid
from pir_mm.apis.search import picture_reading
from pir_mm.apis.training.configuration import load_config
from tests.conftest import ROOT


@pytest.fixture
def picture(tmp_path):
    """Of 30 by 20, its right third of one colour."""
    pixels = np.zeros((20, 30, 3), dtype=np.uint8)
    pixels[:, 20:] = 255, 50, 200
    Image.fromarray(pixels).save(tmp_path / 'wide.png')
    return tmp_path / 'wide.png'


def test_the_whole_picture_is_shown_where_the_model_sees_the_whole(colour_model, picture):
    seen = see_picture(colour_model, picture)
    assert seen.name == 'wide.png' and seen.pixels.shape == (3, 8, 8)
    assert seen.shown.shape == (20, 30, 3)
    assert seen.shown[0, 29].tolist() == [255, 50, 200]


def test_else_what_the_model_sees_is_shown_in_right_colours(colour_model, picture):
    crop = {'type': 'mmpretrain.CenterCrop', 'crop_size': 4}
    colour_model.cfg.test_dataloader.dataset.pipeline.insert(2, crop)
    seen = see_picture(colour_model, picture)
    assert seen.shown.shape == (4, 4, 3)
    assert seen.shown[0, 3].tolist() == [255, 50, 200]


def test_the_grid_has_the_shape_of_what_the_model_sees(colour_model, picture):
    assert see_picture(colour_model, picture).grid(4) == (2, 2)
    edge = {'type': 'mmpretrain.ResizeEdge', 'scale': 40}
    colour_model.cfg.test_dataloader.dataset.pipeline[1] = edge
    seen = see_picture(colour_model, picture)
    assert seen.pixels.shape == (3, 40, 60) and seen.shown.shape == (20, 30, 3)
    assert seen.grid(24) == (4, 6)


def test_a_config_that_tests_nothing_has_a_test_pipeline(colour_model, picture):
    colour_model.cfg.test_pipeline = colour_model.cfg.test_dataloader.dataset.pipeline
    colour_model.cfg.test_dataloader = None
    assert see_picture(colour_model, picture).pixels.shape == (3, 8, 8)
    colour_model.cfg.test_pipeline = None
    with pytest.raises(ValueError, match='has no `model.cfg` with `test_dataloader'):
        see_picture(colour_model, picture)


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'configs' / 'mtgfe').glob('*.py')), ids=lambda path: path.stem
)
def test_models_of_pairs_say_how_they_see_a_picture(path):
    steps = picture_reading.test_pipeline(SimpleNamespace(cfg=load_config(path)))
    assert [step['type'].split('.')[-1] for step in steps] == [
        'LoadPicture', 'Resize', 'PackInputs'
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('tokens', 'height', 'width', 'grid'),
    [
        (49, 224, 224, (7, 7)), (196, 224, 224, (14, 14)), (20, 100, 150, (4, 5)),
        (8, 64, 128, (2, 4)), (8, 128, 64, (4, 2)), (1, 32, 32, (1, 1)),
    ],
)  # fmt: skip
def test_tokens_form_a_grid_of_the_shape_of_the_picture(tokens, height, width, grid):
    assert token_grid(tokens, height, width) == grid


def test_says_what_is_wrong(colour_model, tmp_path):
    with pytest.raises(ValueError, match='17 tokens form no grid over a picture of 32 x 32'):
        token_grid(17, 32, 32)
    with pytest.raises(FileNotFoundError, match='picture nowhere.png does not exist'):
        see_picture(colour_model, 'nowhere.png')
    with pytest.raises(ValueError, match='is a folder: give the pictures'):
        see_picture(colour_model, tmp_path)
