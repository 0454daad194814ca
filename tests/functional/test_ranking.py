"""Both ways to rank against ranks by sorting; ties are in test_recall."""

import pytest
import torch

from pir_mm.functional.ranking import rank_embeddings, rank_matrix


def by_sorting(similarity, owner):
    """Place of the first own text of each image, and of the image of each text."""
    order_of_texts = similarity.argsort(dim=1, descending=True)
    own = owner[order_of_texts] == torch.arange(len(similarity)).unsqueeze(1)
    order_of_images = similarity.argsort(dim=0, descending=True)
    return own.int().argmax(1).tolist(), (order_of_images == owner).int().argmax(0).tolist()


@pytest.mark.parametrize('images, texts', [(1, 1), (1, 4), (6, 6), (7, 30)])
def test_counting_is_sorting(images, texts):
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 8, generator=generator) for n in (images, texts))
    owner = torch.cat([torch.arange(images), torch.randint(images, (texts - images,))])
    expected = by_sorting(image @ text.T, owner)
    for standings in (
        rank_matrix(image @ text.T, owner),
        rank_embeddings(image, text, owner),
        rank_embeddings(image, text, owner, chunk=3),
    ):
        assert tuple(standing.above.tolist() for standing in standings) == expected
        assert not any(standing.tied.any() for standing in standings)
