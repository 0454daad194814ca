import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.triplet import triplet_sum


def by_loop(similarity, image_of_text, positive, margin):
    total = 0.0
    images, texts = similarity.shape
    for m in range(texts):
        i = int(image_of_text[m])
        pair = float(similarity[i, m])
        for b in range(images):
            if not positive[b, m]:
                total += max(0.0, margin + float(similarity[b, m]) - pair)
        for other in range(texts):
            if not positive[i, other]:
                total += max(0.0, margin + float(similarity[i, other]) - pair)
    return torch.tensor(total)


def test_a_value_worked_out_by_hand():
    similarity = torch.tensor([[0.5, 0.4], [0.1, 0.6]])
    # Text 0: image 1 is far; text 1: image 0 is exactly a margin below. Image 0: text 1 is too
    # near by 0.1; image 1: text 0 is far.
    loss = triplet_sum(similarity, torch.tensor([0, 1]), torch.eye(2).bool(), margin=0.2)
    assert_close(loss, torch.tensor(0.1))


@pytest.mark.parametrize('images, texts', [(1, 1), (1, 3), (3, 3), (4, 7)])
@pytest.mark.parametrize('margin', [0.0, 0.2])
def test_agrees_with_the_loop(images, texts, margin):
    generator = torch.Generator().manual_seed(0)
    similarity = torch.rand(images, texts, generator=generator)
    owner = torch.arange(texts) % images
    positive = torch.arange(images).unsqueeze(1) % 3 == (owner % 3).unsqueeze(0)
    given = similarity, owner, positive, margin
    assert_close(triplet_sum(*given), by_loop(*given))


def test_only_violations_have_gradient():
    similarity = torch.tensor([[0.9, 0.85], [0.1, 0.95]], requires_grad=True)
    triplet_sum(similarity, torch.tensor([0, 1]), torch.eye(2).bool(), 0.2).backward()
    # Pair (0, 0) and pair (1, 1) are each violated once, by the entry (0, 1).
    assert similarity.grad.tolist() == [[-1, 2], [0, -1]]
