"""Recall of each scene of a split, as numbers and as bars."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.functional.intervals import wilson_interval
from pir_mm.functional.recall import ranks_from_embeddings
from pir_mm.visualization.figure_file import check_ending, save_picture
from pir_mm.visualization.scene_recall import Direction, draw_scene_recall

WAYS = {'i2t': ('image to text', '#56b4e9'), 't2i': ('text to image', '#e69f00')}
UNLABELLED = 'unlabelled'


@dataclass(frozen=True)
class SceneRecall:
    """Recall at K, in percent, of the queries of one scene against the whole gallery."""

    name: str
    pictures: int
    i2t: float
    t2i: float


def draw_scenes(split: EmbeddedSplit, out: str | Path, k: int = 10) -> list[SceneRecall]:
    """Draw the recall at ``k`` of each scene, both ways, best scene first.

    The whiskers are 95 % intervals of Wilson over the pictures of the scene. Captions of one
    picture are hit or missed together, so a scene's captions count as one trial per picture.

    Args:
        split: from :func:`pir_mm.apis.search.embedded_split.embed_split`.
        out: ``.png`` or ``.pdf``.
        k: results within which a hit counts.

    Returns:
        The recall of the scenes in the order of the bars.

    Raises:
        ValueError: if no picture has a scene, ``k < 1``, or ``out`` ends otherwise.
    """
    check_ending(out)
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    embedded = split.embedded
    if not (embedded.scene >= 0).any():
        raise ValueError('no picture of the split has a scene: name them in its caption file')
    ranks = ranks_from_embeddings(embedded.image, embedded.text, embedded.image_of_text)
    hits = {way: r.hits_at(k, 'expected').cpu() for way, r in zip(WAYS, ranks, strict=True)}
    owner = {'i2t': torch.arange(len(embedded.scene)), 't2i': embedded.image_of_text}
    label, place, count = embedded.scene.unique(return_inverse=True, return_counts=True)
    recall = {way: _mean_by(hits[way], place[owner[way]], len(label)) for way in WAYS}
    order = (recall['i2t'] + recall['t2i']).argsort(descending=True, stable=True)
    directions = []
    for way, (words, colour) in WAYS.items():
        lower, upper = wilson_interval(recall[way], count)
        parts = ((100 * part[order]).numpy() for part in (recall[way], lower, upper))
        title = f'{words}, R@{k}'
        directions.append(Direction(title, *parts, 100 * hits[way].mean().item(), colour))
    names = [UNLABELLED if i < 0 else split.scenes[i] for i in label[order].tolist()]
    pictures = count[order].tolist()
    note = 'scene (pictures); whiskers: 95 % interval; dashed: all scenes together'
    save_picture(draw_scene_recall(names, pictures, directions, note), out)
    columns = zip(names, pictures, *(d.recall.tolist() for d in directions), strict=True)
    return [SceneRecall(*row) for row in columns]


def _mean_by(values: Tensor, group: Tensor, groups: int) -> Tensor:
    total = torch.zeros(groups, dtype=values.dtype).index_add_(0, group, values)
    return total / torch.bincount(group, minlength=groups)
