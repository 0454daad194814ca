"""A map of a split's embeddings, and the scenes that a model confuses."""

from pathlib import Path

import numpy as np
import torch

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.evaluation.scene_confusion import confused_pairs, foreign_share, neighbour_shares
from pir_mm.visualization.embedding_map import Confusion, draw_embedding_map
from pir_mm.visualization.figure_file import check_ending, save_picture
from pir_mm.visualization.tsne import tsne


def draw_embeddings(
    split: EmbeddedSplit,
    out: str | Path,
    texts: bool = False,
    neighbours: int = 10,
    pairs: int = 8,
    seed: int = 0,
) -> list[tuple[str, str, float]]:
    """Draw a t-SNE map of the pictures of a split, with confusion zones.

    Confusion is measured among pictures in the embedding space itself, not on the map: by the
    ``neighbours`` nearest by cosine. Pictures without scene are left out.

    Args:
        split: from :func:`pir_mm.apis.search.embedded_split.embed_split`.
        out: ``.png`` or ``.pdf``.
        texts: whether to map the captions along with the pictures, each distinct one once.
        neighbours: of a picture that are looked at.
        pairs: of scenes that are named, most confused first.
        seed: of the map.

    Returns:
        Those pairs, with the mean share that one scene has among the neighbours of the other.

    Raises:
        ValueError: if fewer than four pictures have a scene, or ``out`` ends otherwise.
        ImportError: when this module is imported without scikit-learn.
    """
    check_ending(out)
    embedded = split.embedded
    known = embedded.scene >= 0
    if int(known.sum()) < 4:
        raise ValueError(f'a map needs at least four pictures with a scene, got {int(known.sum())}')
    image, scene = embedded.image[known], embedded.scene[known]
    shares = neighbour_shares(image, scene, len(split.scenes), neighbours)
    worst = confused_pairs(shares, scene, pairs)
    confusion = Confusion(
        min(neighbours, len(image) - 1),
        foreign_share(shares, scene).numpy(),
        worst,
        [_part_in_pair(shares, scene, a, b).numpy() for a, b, _ in worst],
    )
    vectors, text_scene = image, None
    if texts:
        first = _first_of_each(split)
        text_scene = embedded.scene[embedded.image_of_text[first]]
        first, text_scene = first[text_scene >= 0], text_scene[text_scene >= 0].numpy()
        vectors = torch.cat([image, embedded.text[first]])
    points = tsne(vectors.numpy(), seed=seed)
    text_points = points[len(image) :] if texts else None
    figure = draw_embedding_map(
        points[: len(image)], scene.numpy(), split.scenes, confusion, text_points, text_scene
    )
    save_picture(figure, out)
    return [(split.scenes[a], split.scenes[b], share) for a, b, share in worst]


def _part_in_pair(shares: torch.Tensor, scene: torch.Tensor, a: int, b: int) -> torch.Tensor:
    """How many of its neighbours a picture of one scene has in the other, 0 for other pictures."""
    return (scene == a) * shares[:, b] + (scene == b) * shares[:, a]


def _first_of_each(split: EmbeddedSplit) -> torch.Tensor:
    """Where each distinct caption stands first: on the map more would only hide each other."""
    return torch.from_numpy(np.unique(split.text_id.numpy(), return_index=True)[1])
