"""Sheets of the best results of chosen queries over a split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from pir_mm.apis.ranking_queries import Query, SplitQueries
from pir_mm.apis.split_embedding import EmbeddedSplit
from pir_mm.registry import VISUALIZERS
from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.picture_file import check_ending, save_picture


def draw_rankings(
    model: nn.Module,
    split: EmbeddedSplit,
    out: str | Path,
    texts: Sequence[str] = (),
    images: Sequence[str] = (),
    queries: int = 4,
    top_k: int = 5,
    seed: int = 0,
) -> None:
    """Draw the best pictures for sentences, and the best captions for pictures.

    Equal captions of the split are one result. Right and wrong are marked where the query is of
    the split: a result is right if it belongs to the query there.

    Args:
        model: which embeds queries from elsewhere, the one that embedded ``split``.
        split: from :func:`pir_mm.apis.split_embedding.embed_split`.
        out: ``.png`` or ``.pdf``.
        texts: sentences.
        images: picture files, or names of pictures of the split.
        queries: pictures drawn at random where neither is given, each asked for by one of its
            captions, and asking.
        top_k: results per query.
        seed: of that choice.

    Raises:
        FileNotFoundError, ValueError: if a query cannot be used, a number is below 1, or ``out``
            ends otherwise.
    """
    check_ending(out)
    if queries < 1 or top_k < 1:
        raise ValueError(f'queries and top_k must be at least 1, got {queries} and {top_k}')
    known = SplitQueries(model, split)
    if texts or images:
        sentences = [known.sentence(text) for text in texts]
        pictures = [known.picture(name) for name in images]
    else:
        sentences, pictures = known.sample(queries, seed)
    sheet = VISUALIZERS.build({'type': 'pir_mm.RankingSheet'})
    paths = [Path(path) for path in split.paths]
    heading = f'Text to image, the best {min(top_k, len(paths))} of {len(paths)} pictures'
    _add(sheet, heading, sentences, paths, known.image, top_k)
    most = len(known.captions)
    heading = f'Image to text, the best {min(top_k, most)} of {most} captions'
    _add(sheet, heading, pictures, known.captions, known.text, top_k)
    save_picture(Image.fromarray(sheet.draw()), out)


def _add(sheet, heading: str, queries: Sequence[Query], gallery, vectors, top_k: int) -> None:
    """A section for queries of the split, another for those of which nobody knows what is right."""
    for known in (True, False):
        chosen = [query for query in queries if (query.right is not None) is known]
        if not chosen:
            continue
        scores = np.stack([query.embedding for query in chosen]) @ vectors.T
        best = Ranking.from_scores(scores, top_k)
        right = None
        if known:
            truth = np.stack([query.right for query in chosen])
            right = np.take_along_axis(truth, best.ids, axis=1)
        place = heading if known else f'{heading}, queries from elsewhere'
        sheet.add(place, [query.content for query in chosen], best, gallery, right)
