"""Recall from embeddings."""

import torch
from torch import Tensor

from pir_mm.apis.benchmarking.alternatives import ranks_by_sorting
from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.functional.recall import ranks_from_embeddings

WIDTH, TEXTS = 512, 5


def recall(images: int, share: float = 1.0) -> Contest:
    """Ranks of all queries of both directions, five texts an image.

    Args:
        images: number of images.
        share: of the queries that the alternative ranks; its time is scaled up.
    """
    random = torch.Generator().manual_seed(0)
    image = torch.nn.functional.normalize(torch.randn(images, WIDTH, generator=random), dim=1)
    owner = torch.arange(images).repeat_interleave(TEXTS)
    noise = torch.randn(images * TEXTS, WIDTH, generator=random)
    text = torch.nn.functional.normalize(image[owner] + 0.3 * noise, dim=1)
    of_images = range(0, images, round(1 / share))
    of_texts = range(0, images * TEXTS, round(1 / share))

    def equal(ours: tuple, alternative: tuple[Tensor, Tensor]) -> bool:
        ours = [ranks.negatives_before('pessimistic') for ranks in ours]
        pairs = zip(ours, (list(of_images), list(of_texts)), alternative, strict=True)
        return all((own[rows] - other).abs().max() <= 1 for own, rows, other in pairs)

    return Contest(
        lambda: ranks_from_embeddings(image, text, owner),
        lambda: ranks_by_sorting(image, text, owner, of_images, of_texts),
        equal,
        'a stable sort for each query'
        + ('' if share == 1 else f', of every {round(1 / share)}th, scaled up'),
        'ranks within 1, where sums in another order may swap two scores',
        len(of_images) / images,
    )
