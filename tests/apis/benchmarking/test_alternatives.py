"""The textbook ways give what the package gives."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.apis.benchmarking.alternatives import (
    affiliation_by_sample,
    contrastive_by_targets,
    hard_belief_by_image,
    plain_attention,
    ranks_by_sorting,
    scores_pair_by_pair,
)
from pir_mm.functional.affiliation import affiliation
from pir_mm.functional.attention import attend, attention_shares
from pir_mm.functional.belief import belief_scores, select
from pir_mm.functional.contrastive import symmetric_info_nce


@pytest.fixture
def random():
    return torch.Generator().manual_seed(0)


def unit(*shape, random):
    return F.normalize(torch.randn(*shape, generator=random), dim=-1)


@pytest.mark.parametrize('batch', [1, 9])
def test_affiliation(random, batch):
    image, text = unit(batch, 6, random=random), unit(batch, 6, random=random)
    scene = torch.randint(3, (batch,), generator=random)
    wanted = affiliation(image, scene, text, scene, 3, torch.tensor(0.07), 'pir')
    assert_close(affiliation_by_sample(image, text, scene), wanted)


@pytest.mark.parametrize('batch', [1, 5])
def test_contrastive(random, batch):
    owner = torch.arange(batch).repeat_interleave(2)
    image, text = unit(batch, 6, random=random), unit(2 * batch, 6, random=random)
    positive = owner.unsqueeze(0) == torch.arange(batch).unsqueeze(1)
    wanted = symmetric_info_nce(image @ text.T / 0.07, positive)
    assert_close(contrastive_by_targets(image, text, owner), wanted)


def test_hard_belief(random):
    tokens, wish = torch.randn(3, 7, 4, generator=random), torch.randn(3, 4, generator=random)
    wanted = select(tokens, belief_scores(tokens, wish), 5)
    assert torch.equal(hard_belief_by_image(tokens, wish, 5), wanted)


def test_ranks_worked_out_by_hand():
    """The second image finds its text first, the first image second; likewise the texts."""
    image = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    text = torch.tensor([[0.6, 0.8], [0.8, 0.6]])
    ranks = ranks_by_sorting(image, text, torch.tensor([0, 1]), [0, 1], [0, 1])
    assert [part.tolist() for part in ranks] == [[1, 1], [1, 1]]
    ranks = ranks_by_sorting(image, text, torch.tensor([1, 0]), [0, 1], [1])
    assert [part.tolist() for part in ranks] == [[0, 0], [0]]


def test_a_perceptron_on_each_pair_by_itself(random):
    classifier = MODELS.build(
        dict(type='pir_mm.PairClassifier', image_dim=5, text_dim=3, hidden=(6, 4))
    ).eval()
    for norm in (classifier.norms[0], classifier.image_norm, classifier.text_norm):
        norm.running_mean.normal_(generator=random)
    image, text = torch.randn(2, 5, generator=random), torch.randn(3, 3, generator=random)
    rows, columns = torch.arange(2).repeat_interleave(3), torch.arange(3).repeat(2)
    with torch.no_grad():
        logits = classifier(image, text, rows, columns)
    assert_close(scores_pair_by_pair(classifier, image, text), logits.diff(dim=1).view(2, 3))


def test_plain_attention_is_attention_and_is_taken_back(random):
    fused = F.scaled_dot_product_attention
    query, key, value = torch.randn(3, 2, 2, 5, 4, generator=random)
    mask = torch.tensor([1, 1, 1, 0, 0]).bool().expand(2, 1, 1, 5)
    with plain_attention():
        assert F.scaled_dot_product_attention is not fused
        got = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        torch.manual_seed(0)
        dropped = attend(query, key, value, mask, dropout=0.5)
    assert F.scaled_dot_product_attention is fused
    assert_close(got, fused(query, key, value, attn_mask=mask))
    torch.manual_seed(0)
    kept = F.dropout(torch.ones(2, 2, 5, 5), 0.5) / 2
    shares = attention_shares(query, key).masked_fill(~mask, 0)
    assert_close(dropped, 2 * kept * shares / shares.sum(dim=-1, keepdim=True) @ value)
