"""Belief by hand: a prior that believes in red, over a grid of two by two colours."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from PIL import Image
from torch.nn import functional as F

from pir_mm.apis.drawing.beliefs import draw_picture_beliefs, picture_beliefs


class RedPrior:
    """What makes a colour model one with a prior: tokens are the colours of the quarters."""

    def __init__(self, model):
        self.selector = self.instruction_encoder = None
        self.model = model

    @staticmethod
    def image_encoder(images):
        tokens = F.adaptive_avg_pool2d(images / 255, 2).flatten(2).transpose(1, 2)
        return tokens.mean(dim=1), tokens

    @staticmethod
    def red(images):
        return torch.tensor([[2.0, 0.0, 0.0]]).expand(len(images), -1)

    def __getattr__(self, name):
        return getattr(self.model, name)


def hard(keep):
    return MODELS.build({'type': 'pir_mm.BeliefSelector', 'strategy': 'hard', 'keep': keep})


@pytest.fixture
def model(colour_model):
    model = RedPrior(colour_model)
    model.instruction_encoder = model.red
    return model


@pytest.fixture
def quarters(tmp_path):
    """Redness 0, 1 above and 0.5, 0 below, on a picture of 30 by 20."""
    red = np.array([[0, 255], [128, 0]], dtype=np.uint8).repeat(10, axis=0).repeat(15, axis=1)
    pixels = np.stack([red, np.full_like(red, 50), np.full_like(red, 200)], axis=-1)
    Image.fromarray(pixels).save(tmp_path / 'quarters.png')
    return tmp_path / 'quarters.png'


def test_belief_and_kept_cells_worked_out_by_hand(model, quarters):
    model.selector = hard(keep=2)
    (one,) = picture_beliefs(model, [quarters])
    redness = torch.tensor([(0 + 1 + 128 / 255 + 0) / 4, 0, 1, 128 / 255, 0])
    expected = (2 * redness).softmax(dim=0).numpy()
    assert one.global_belief == pytest.approx(expected[0], abs=2e-3)
    np.testing.assert_allclose(one.belief.flatten(), expected[1:], atol=2e-3)
    assert one.kept.tolist() == [[False, True], [True, False]] and not one.global_kept
    assert (one.strategy, one.name) == ('hard', 'quarters.png')


def test_the_global_token_is_a_candidate(model, quarters):
    model.selector = hard(keep=3)
    (one,) = picture_beliefs(model, [quarters])
    assert one.global_kept and one.kept.sum() == 2


def test_soft_weights_are_belief_and_rank(model, quarters):
    model.selector = MODELS.build({'type': 'pir_mm.BeliefSelector', 'strategy': 'soft'})
    (one,) = picture_beliefs(model, [quarters])
    ranks = np.array([[4, 1], [2, 4]])
    np.testing.assert_allclose(one.weight, one.belief + ranks**-0.5, atol=1e-6)
    assert one.global_weight == pytest.approx(one.global_belief + 3**-0.5)
    assert one.kept.all() and one.strategy == 'soft'


def test_without_a_selector_nothing_is_chosen(model, quarters):
    (one,) = picture_beliefs(model, [quarters])
    assert one.strategy == 'none' and one.kept.all()


def test_the_belief_lies_over_the_whole_picture(model, quarters):
    (one,) = picture_beliefs(model, [quarters])
    assert one.picture.shape == (20, 30, 3)


def test_says_what_is_wrong(model, colour_model, quarters, tmp_path):
    with pytest.raises(ValueError, match='the model has no prior'):
        picture_beliefs(colour_model, [quarters])
    with pytest.raises(FileNotFoundError, match='picture nowhere.png does not exist'):
        picture_beliefs(model, [quarters, 'nowhere.png'])
    (tmp_path / 'notes.png').write_text('no picture')
    with pytest.raises(ValueError, match='notes.png: not a picture'):
        picture_beliefs(model, [tmp_path / 'notes.png'])
    with pytest.raises(ValueError, match='is a folder: give the pictures'):
        picture_beliefs(model, [tmp_path])
    with pytest.raises(ValueError, match='must end in'):
        draw_picture_beliefs(model, ['nowhere.png'], tmp_path / 'b.jpg')
