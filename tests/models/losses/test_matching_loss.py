"""Pairs as they came against pairs with another text or another image."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.fusion import FusionStep
from tests.models.fusion.tiny import ITM, batch_of, build


def build_loss(**changes):
    return MODELS.build(ITM | changes)


class Pairs:
    """Stands in for a step: a pair's joint vector is its image and its text."""

    def __init__(self, image_of_text, image_id, text_id, similarity=None):
        self.batch = SimpleNamespace(
            image_of_text=torch.tensor(image_of_text),
            image_id=torch.tensor(image_id),
            text_id=torch.tensor(text_id),
        )
        self.similarity = similarity
        text = torch.arange(len(image_of_text))
        self.true_joint = torch.stack([self.batch.image_of_text, text], dim=1)

    def true_and_other(self, image_index, text_index):
        others = torch.stack([image_index, text_index], dim=1)
        return torch.cat([self.true_joint, others])

    def logits(self, pairs):
        self.pairs = pairs.tolist()
        return torch.zeros(len(pairs), 2)


def negatives(step, draws=300, **changes):
    """For each text, the texts and the images that were drawn for it."""
    loss, texts, images = build_loss(**changes), {}, {}
    count = len(step.true_joint)
    torch.manual_seed(0)
    for _ in range(draws):
        loss(step)
        assert step.pairs[:count] == step.true_joint.tolist()
        for row in range(count):
            image, text = step.pairs[count + row]
            assert image == step.true_joint[row, 0]
            texts.setdefault(row, set()).add(text)
            image, text = step.pairs[2 * count + row]
            assert text == row
            images.setdefault(row, set()).add(image)
    return texts, images


def test_every_stranger_is_drawn_and_nobody_else():
    """Rows 0 and 2 show one image; texts 1 and 3 have the same words."""
    step = Pairs([0, 1, 2, 3], image_id=[7, 8, 7, 9], text_id=[0, 1, 2, 1])
    texts, images = negatives(step)
    assert texts == {0: {1, 3}, 1: {0, 2}, 2: {1, 3}, 3: {0, 2}}
    assert images == {0: {1, 3}, 1: {0, 2}, 2: {1, 3}, 3: {0, 2}}


def test_other_texts_of_an_image_and_their_words_are_no_negatives():
    """Image 0 has texts 0 and 1; text 3 has the words of text 1."""
    step = Pairs([0, 0, 1, 2], image_id=[4, 5, 6], text_id=[0, 1, 2, 1])
    texts, images = negatives(step)
    assert texts == {0: {2}, 1: {2}, 2: {0, 1, 3}, 3: {0, 2}}
    assert images == {0: {1, 2}, 1: {1}, 2: {0, 2}, 3: {1}}


def test_a_pair_without_strangers_goes_without_negatives():
    step = Pairs([0, 1], image_id=[3, 3], text_id=[0, 1])
    seen = []
    step.logits = lambda pairs: seen.append(len(pairs)) or torch.tensor([[0.0, 1.0]] * 6)
    value, noted = build_loss()(step)
    # the two true pairs alone count
    assert seen == [6]
    assert_close(value, torch.log1p(torch.exp(torch.tensor(-1.0))))
    assert noted['itm_acc'] == 1


def test_a_batch_of_one_has_its_true_pair_alone():
    step = Pairs([0], image_id=[0], text_id=[0])
    step.logits = lambda pairs: torch.tensor([[0.0, 0.0]] * len(pairs))
    assert_close(build_loss(weight=3.0)(step)[0], 3 * torch.log(torch.tensor(2.0)))


def test_one_true_pair_comes_with_two_false_ones():
    """Told all right but for the pairs with another image, of log odds 2."""
    step = Pairs([0, 1, 2], image_id=[0, 1, 2], text_id=[0, 1, 2])
    step.logits = lambda pairs: torch.tensor([[0.0, 9e3]] * 3 + [[9e3, 0.0]] * 3 + [[0.0, 2.0]] * 3)
    value, noted = build_loss()(step)
    assert_close(value, torch.log1p(torch.exp(torch.tensor(2.0))) / 3)
    assert noted['itm_acc'].item() == pytest.approx(2 / 3)


def test_hard_negatives_follow_the_similarity_that_is_given():
    """Of three strangers one is e^9 as likely as the others."""
    similarity = torch.zeros(4, 4)
    similarity[0, 2] = similarity[3, 1] = 9.0
    similarity[1, 1] = 99.0  # the true pair is never drawn
    step = Pairs([0, 1, 2, 3], list(range(4)), list(range(4)), similarity)
    texts, images = negatives(step, draws=50, negatives='hard')
    assert texts[0] == {2} and texts[3] == {1} and images[2] == {0} and images[1] == {3}
    assert texts[1] == {0, 2, 3} and images[0] == {1, 2, 3}


@pytest.mark.parametrize('pair_batch', [1, 5, 100])
def test_without_one_it_is_the_models_own_score_of_every_pair(pair_batch):
    model, batch = build(pair_batch=pair_batch), batch_of(3, 5)
    images = model.encode_image_tokens(batch.images)
    texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    own = FusionStep(model, batch).similarity
    rows, columns = torch.meshgrid(torch.arange(3), torch.arange(5), indexing='ij')
    wanted = model.match(images, texts, rows.flatten(), columns.flatten()).view(3, 5)
    assert_close(own, wanted)
    assert not own.requires_grad
    given = FusionStep(model, replace(batch, similarity=torch.ones(3, 5).double())).similarity
    assert given.dtype == torch.float32 and (given == 1).all()
    with pytest.raises(ValueError, match=r'similarity is \(5, 3\), wanted \(3, 5\): a row for'):
        replace(batch, similarity=torch.ones(5, 3))


@pytest.mark.parametrize('kind', ['uniform', 'hard'])
def test_gradients_reach_the_negatives_too(kind):
    """Of pairs whose true rows are cut off, every image still learns."""
    model, batch = build().train(), batch_of(4)
    images = batch.images.clone().requires_grad_()
    step = FusionStep(model, batch.with_images(images))
    loss = build_loss(negatives=kind)
    if kind == 'hard':
        assert not step.similarity.requires_grad
    step.true_joint = step.true_joint.detach()
    loss(step)[0].backward()
    assert (images.grad.flatten(1).abs().amax(dim=1) > 0).all()


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match="negatives='semi' of MatchingLoss is unknown, wanted one"):
        build_loss(negatives='semi')
