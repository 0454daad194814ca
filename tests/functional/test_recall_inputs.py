import numpy as np
import pytest
import torch

from pir_mm.functional.recall import recall_from_embeddings, retrieval_recall
from pir_mm.functional.recall_inputs import checked_embeddings, checked_owner


def test_inputs_of_any_kind_become_tensors_that_can_be_computed_with():
    frozen = np.ones((2, 3), dtype=np.float16)
    frozen.setflags(write=False)
    assert checked_embeddings(frozen, 'image').dtype == torch.float32
    assert checked_embeddings(np.ones((2, 3)), 'image').dtype == torch.float64
    assert not checked_embeddings(torch.ones(1, 1, requires_grad=True), 'text').requires_grad
    assert checked_owner(np.array([1, 0], dtype=np.int16), 2, 2).dtype == torch.int64


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite(bad):
    similarity = np.zeros((3, 6))
    similarity[1, 4] = bad
    with pytest.raises(ValueError, match='not finite'):
        retrieval_recall(similarity, np.arange(6) // 2)
    with pytest.raises(ValueError, match='text embeddings hold a number that is not finite'):
        recall_from_embeddings(np.ones((3, 3)), similarity.T, np.arange(6) // 2)
    with pytest.raises(ValueError, match='overflow'):
        recall_from_embeddings(np.full((1, 3), 1e30, 'f4'), np.full((1, 3), 1e30, 'f4'), [0])


@pytest.mark.parametrize(
    'owner, reason',
    [
        ([0, 0, 0], '1 of 2 images have no text, first image 1'),
        ([0, 1, 2], 'names images 0 to 2, but there are 2'),
        ([0, -1, 1], 'names images -1 to 1'),
        ([0, 1], r'each of 3 texts, got torch.int64 \(2,\)'),
        ([0.0, 1.0, 1.0], 'whole number'),
    ],
)
def test_refuses_a_wrong_owner(owner, reason):
    with pytest.raises(ValueError, match=reason):
        retrieval_recall(np.zeros((2, 3)), np.array(owner))


def test_says_which_argument_is_wrong():
    with pytest.raises(ValueError, match="ties='best' is none of expected"):
        retrieval_recall(np.eye(2), np.arange(2), ties='best')
    for topk in ((0,), (), (1.5,)):
        with pytest.raises(ValueError, match='topk='):
            retrieval_recall(np.eye(2), np.arange(2), topk=topk)
    with pytest.raises(ValueError, match=r'got \(2,\)'):
        retrieval_recall(np.zeros(2), np.arange(2))
    with pytest.raises(ValueError, match='0 of 0 images'):
        retrieval_recall(np.zeros((0, 0)), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match='2 wide and text embeddings 3'):
        recall_from_embeddings(np.ones((2, 2)), np.ones((2, 3)), np.arange(2))
    with pytest.raises(ValueError, match='chunk must be at least 1'):
        recall_from_embeddings(np.eye(2), np.eye(2), np.arange(2), chunk=0)
    with pytest.raises(ValueError, match=r'\(count, width\)'):
        recall_from_embeddings(np.ones(2), np.eye(2), np.arange(2))
