"""The ceiling against the best of all rankings, tried one by one."""

from itertools import permutations, product

import numpy as np
import pytest
import torch

from pir_mm.functional.recall import retrieval_recall
from pir_mm.functional.recall_ceiling import recall_ceiling


def best_of_all_rankings(owner, text, k):
    images = max(owner) + 1
    hits = 0
    for words in set(text):
        mine = [o for o, t in zip(owner, text, strict=True) if t == words]
        hits += max(sum(o in order[:k] for o in mine) for order in permutations(range(images)))
    return 100 * hits / len(text)


def test_by_hand():
    # "trees" belongs twice to picture 0, once to 1 and 2; "a" and "b" to one each.
    owner = torch.tensor([0, 0, 1, 1, 2, 2])
    text = torch.tensor([5, 5, 5, 7, 5, 9])
    ceiling = recall_ceiling(owner, text, (1, 2, 3))
    assert ceiling['t2i/R@1'] == pytest.approx(100 * 4 / 6)
    assert ceiling['t2i/R@2'] == pytest.approx(100 * 5 / 6)
    assert ceiling['t2i/R@3'] == 100
    assert ceiling['i2t/R@1'] == 100
    assert ceiling['mR'] == pytest.approx((300 + 100 * (4 + 5 + 6) / 6) / 6)


@pytest.mark.parametrize(('images', 'words'), list(product((1, 2, 4), (1, 2, 3, 8))))
def test_no_ranking_does_better(images, words):
    generator = torch.Generator().manual_seed(10 * images + words)
    more = torch.randint(images, (3,), generator=generator)
    owner = torch.cat([torch.arange(images), more])[torch.randperm(images + 3, generator=generator)]
    text = torch.randint(words, (images + 3,), generator=generator)
    for k in (1, 2, 5):
        expected = best_of_all_rankings(owner.tolist(), text.tolist(), k)
        assert recall_ceiling(owner, text, (k,))[f't2i/R@{k}'] == pytest.approx(expected)


def test_different_words_leave_everything_to_be_reached():
    owner = torch.tensor([1, 0, 1, 2])
    ceiling = recall_ceiling(owner, torch.arange(4))
    assert set(ceiling.values()) == {100.0}
    perfect = np.eye(3)[:, owner.numpy()]
    assert retrieval_recall(perfect, owner) == ceiling


def test_refuses_lengths_that_differ():
    with pytest.raises(ValueError, match='2 captions came with 3 text ids'):
        recall_ceiling(torch.tensor([0, 1]), torch.tensor([0, 1, 2]))
