"""Queries that go to a split: sentences and pictures, of the split or from elsewhere."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pir_mm.apis.embedding import embed_images, embed_texts
from pir_mm.apis.split_embedding import EmbeddedSplit
from pir_mm.datasets.caption_cleaning import clean_caption


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
            ValueError: if the file is no picture.
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
