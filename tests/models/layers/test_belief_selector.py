"""Choosing tokens by belief, as a part that a config builds."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

TOKENS = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [3.0, 0.0], [2.0, 0.0]]])
EAST = torch.tensor([[1.0, 0.0]])  # believes in the first axis


def build(**settings):
    return MODELS.build(dict(type='pir_mm.BeliefSelector', **settings))


def by_loop(tokens, instruction, keep):
    """The paper's steps, one picture and one token at a time."""
    kept = []
    for image, prior in zip(tokens, instruction, strict=True):
        score = {i: float(token @ prior) for i, token in enumerate(image)}
        order = sorted(score, key=score.get, reverse=True)
        kept.append(torch.stack([image[i] for i in order[:keep]]))
    return torch.stack(kept)


def test_keeps_the_most_believed_first():
    assert_close(build(keep=2)(TOKENS, EAST), torch.tensor([[[3.0, 0.0], [2.0, 0.0]]]))


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('keep', [1, 5, 9])
def test_agrees_with_the_loop(batch, keep):
    tokens = torch.randn(batch, 9, 4, generator=torch.Generator().manual_seed(0))
    prior = torch.randn(batch, 4, generator=torch.Generator().manual_seed(1))
    assert_close(build(keep=keep)(tokens, prior), by_loop(tokens, prior, keep))


def test_does_not_depend_on_the_order_of_the_tokens():
    assert_close(build(keep=2)(TOKENS.flip(1), EAST), build(keep=2)(TOKENS, EAST))


def test_hard_choice_trains_the_kept_tokens_and_not_the_instruction():
    tokens, prior = TOKENS.clone().requires_grad_(), EAST.clone().requires_grad_()
    build(keep=2)(tokens, prior).sum().backward()
    assert tokens.grad[0, :, 0].tolist() == [0, 0, 1, 1]
    assert prior.grad is None


def test_soft_choice_keeps_all_in_their_order_and_trains_the_instruction():
    prior = EAST.clone().requires_grad_()
    weighed = build(strategy='soft')(TOKENS, prior)
    belief = torch.tensor([1.0, 0.0, 3.0, 2.0]).softmax(dim=-1)
    gain = belief + torch.tensor([3.0, 4.0, 1.0, 2.0]).rsqrt()
    assert_close(weighed, TOKENS * gain.view(1, 4, 1))
    weighed.sum().backward()
    assert prior.grad.abs().sum() > 0


def test_soft_choice_passes_rank_and_norm_on():
    weighed = build(strategy='soft', rank='none', norm='token')(TOKENS, EAST)
    assert_close(weighed.norm(dim=1), torch.ones(1, 2))
    top = torch.tensor([1.0, 0.0, 3.0, 2.0]).softmax(dim=-1) * torch.tensor([1.0, 0.0, 3.0, 2.0])
    assert_close(weighed[0, :, 0], top / top.norm())


def test_says_which_number_is_wrong():
    with pytest.raises(ValueError, match=r'keep=5 tokens .* have 4'):
        build(keep=5)(TOKENS, EAST)
    with pytest.raises(ValueError, match='at least 1, got 0'):
        build(keep=0)


@pytest.mark.parametrize('name', ['strategy', 'rank', 'norm'])
def test_says_which_word_is_unknown_and_which_are_known(name):
    with pytest.raises(ValueError, match=f"{name}='best' is unknown, wanted one of "):
        build(**{name: 'best'})


def test_is_printed_with_its_constants():
    assert repr(build(keep=3)) == 'BeliefSelector(strategy=hard, keep=3)'
    assert repr(build(strategy='soft')) == 'BeliefSelector(strategy=soft, rank=true, norm=none)'


@pytest.mark.parametrize('setting', [{'rank': 'none'}, {'norm': 'token'}])
def test_a_soft_setting_of_a_hard_selector_is_refused(setting):
    with pytest.raises(ValueError, match='are for strategy=soft alone'):
        build(**setting)
    build(strategy='soft', keep=3, **setting)  # a config may inherit `keep`
