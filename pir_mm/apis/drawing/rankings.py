"""Sheets of the best results of chosen queries over a split."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.apis.search.embedding import embed_images, embed_texts
from pir_mm.files.names import first_few
from pir_mm.functional.caption_cleaning import clean_caption
from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.figure_file import check_ending, save_picture
from pir_mm.visualization.ranking_sheet import RankingSheet


@dataclass(frozen=True, eq=False)
class Query:
    """One query.

    Args:
        content: a sentence, or a picture file.
        embedding: ``(D,)``.
        right: ``(G,)`` booleans over the gallery; ``None`` if it is not of the split, so that
            nobody knows.
    """

    content: str | Path
    embedding: np.ndarray
    right: np.ndarray | None


def draw_rankings(
    model: nn.Module,
    split: EmbeddedSplit,
    out: str | Path,
    texts: Sequence[str] = (),
    images: Sequence[str] = (),
    queries: int = 4,
    top_k: int = 5,
    seed: int = 0,
) -> list[str]:
    """Draw the best pictures for sentences, and the best captions for pictures.

    Equal captions of the split are one result. Right and wrong are marked where the query is of
    the split: a result is right if it belongs to the query there.

    Args:
        model: which embeds queries from elsewhere, the one that embedded ``split``.
        split: from :func:`pir_mm.apis.search.embedded_split.embed_split`.
        out: ``.png`` or ``.pdf``.
        texts: sentences.
        images: picture files, or names of pictures of the split.
        queries: pictures drawn at random where neither is given, each asked for by one of its
            captions, and asking.
        top_k: results per query.
        seed: of that choice.

    Returns:
        A sentence on each thing that the sheet does not show.

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
    sheet = RankingSheet()
    paths = [Path(path) for path in split.paths]
    heading = f'Text to image, the best {min(top_k, len(paths))} of {len(paths)} pictures'
    _add(sheet, heading, sentences, paths, known.image, top_k)
    most = len(known.captions)
    heading = f'Image to text, the best {min(top_k, most)} of {most} captions'
    _add(sheet, heading, pictures, known.captions, known.text, top_k)
    save_picture(Image.fromarray(sheet.draw()), out)
    return sheet.notes


def _add(sheet, heading: str, queries: Sequence[Query], gallery, vectors, top_k: int) -> None:
    """One section for queries of the split, one for queries whose right results are unknown."""
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


class SplitQueries:
    """Makes queries of what a user gives, and knows what is right where the split tells.

    Its galleries are the pictures of the split, and its distinct captions: ``captions`` and their
    embeddings ``text`` (T, D). ``right`` (N, T) tells which belong together.
    """

    def __init__(self, model: nn.Module, split: EmbeddedSplit) -> None:
        self.model = model
        self.split = split
        _, first, number = np.unique(split.text_id.numpy(), return_index=True, return_inverse=True)
        self.captions = [split.captions[i] for i in first]
        self.text = split.embedded.text[torch.from_numpy(first)].numpy()
        self.image = split.embedded.image.numpy()
        self.right = np.zeros((len(self.image), len(self.captions)), dtype=bool)
        self.right[split.embedded.image_of_text.numpy(), number] = True

    def sentence(self, text: str) -> Query:
        """A sentence; it is of the split if it is, cleaned, a caption there.

        Raises:
            ValueError: if there is no word in it.
        """
        cleaned = clean_caption(text)
        if cleaned in self.captions:
            return self.caption(self.captions.index(cleaned))
        return Query(text, embed_texts(self.model, [text])[0], None)

    def picture(self, name: str) -> Query:
        """A picture file, or a picture of the split by its file name.

        Raises:
            FileNotFoundError: if it is neither.
            ValueError: if the file is no picture, or several of the split have that name.
        """
        paths = self.split.paths
        if os.path.isfile(name):
            real = os.path.realpath(name)
            same = [i for i, path in enumerate(paths) if os.path.realpath(path) == real]
            if same:
                return self.member(same[0])
            return Query(Path(name), embed_images(self.model, [name])[0], None)
        wanted = Path(name).parts
        named = [i for i, path in enumerate(paths) if Path(path).parts[-len(wanted) :] == wanted]
        if not named:
            raise FileNotFoundError(
                f'{name} is neither a file nor one of the {len(paths)} pictures of the split, '
                f'which are named as {Path(paths[0]).name}'
            )
        if len(named) > 1:
            raise ValueError(
                f'{name} may be {first_few([paths[i] for i in named])}: give more of the path'
            )
        return self.member(named[0])

    def member(self, row: int) -> Query:
        """A picture of the split by its number."""
        return Query(Path(self.split.paths[row]), self.image[row], self.right[row])

    def caption(self, number: int) -> Query:
        """A distinct caption of the split by its number."""
        return Query(self.captions[number], self.text[number], self.right[:, number])

    def sample(self, count: int, seed: int) -> tuple[Sequence[Query], Sequence[Query]]:
        """Pictures drawn at random, each once by one of its captions and once as the query."""
        draw = np.random.default_rng(seed)
        count = min(count, len(self.image))
        rows = np.sort(draw.choice(len(self.image), count, replace=False))
        asked = [int(draw.choice(np.flatnonzero(self.right[row]))) for row in rows]
        return [self.caption(number) for number in asked], [self.member(row) for row in rows]
