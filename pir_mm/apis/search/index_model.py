"""The model of an index: found by the paths stored in it, and at work on queries."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from pir_mm.apis.search.embedding import embed_images, embed_texts
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.deployment.export_card import is_export
from pir_mm.files.pictures import Picture
from pir_mm.search import EmbeddingIndex, ModelFingerprint, open_index


def load_index_model(
    index: EmbeddingIndex | str | Path,
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
    text_only: bool = False,
) -> nn.Module:
    """Load the model of an index, from the paths stored in it or from the given files.

    A config is Python code, and loading it runs this code. Load only the model of an index that
    you trust, or give your own config and checkpoint.

    Args:
        index: index folder, or an open index.
        config: config to use instead of the stored one, or the folder of an exported model.
        checkpoint: checkpoint to use instead of the stored one.
        device: device of the model.
        text_only: leave out what only images need, where model and index can do without: an index
            of an older pir_mm does not know the text encoder by itself.

    Raises:
        FileNotFoundError: if the index stores no paths, or if a file does not exist.
        ValueError: if the checkpoint does not belong to the config.
    """
    index = open_index(index)
    if is_export(config or index.config):
        return load_retriever(config or index.config, checkpoint, device)
    files = [config or index.config, checkpoint or index.checkpoint]
    for kind, file in zip(('config', 'checkpoint'), files, strict=True):
        if file is None or not os.path.isfile(file):
            state = 'is not stored in it' if file is None else f'{file} does not exist'
            raise FileNotFoundError(
                f'cannot load the model of {index.folder}: its {kind} {state}. Give the config and '
                'the checkpoint, for tools/search.py with --model'
            )
    text_only = text_only and bool(index.fingerprint.text_sha256)
    return load_retriever(*files, device, text_only=text_only)


class IndexModel:
    """An :class:`pir_mm.querying.Embedder`: the model of an index, loaded when it is first needed.

    Args:
        index: that it made.
        model: the model itself, if it is loaded.
        config, checkpoint, device: as of :func:`load_index_model`.
    """

    def __init__(
        self,
        index: EmbeddingIndex,
        model: nn.Module | None = None,
        config: str | Path | None = None,
        checkpoint: str | Path | None = None,
        device: str = 'cpu',
    ) -> None:
        self._index, self._model = index, model
        self._files, self._device = (config, checkpoint), device

    def load(self, for_pictures: bool = False) -> nn.Module:
        """The model; of one that is loaded for sentences alone, the whole if pictures are asked."""
        is_half = getattr(self._model, 'text_only', False)
        if self._model is None or (is_half and for_pictures):
            self._model = load_index_model(
                self._index, *self._files, self._device, text_only=not for_pictures
            )
        return self._model

    @property
    def fingerprint(self) -> ModelFingerprint:
        return model_fingerprint(self.load(), self._index.fingerprint.width)

    @property
    def arithmetic(self) -> str:
        return getattr(self.load(), 'arithmetic', 'fp32')

    @property
    def tokenizer(self) -> Any:
        return getattr(self.load(), 'tokenizer', None)

    def embed_texts(self, strings: Sequence[str]) -> np.ndarray:
        """As :func:`pir_mm.apis.embed_texts`."""
        return embed_texts(self.load(), strings)

    def embed_images(self, pictures: Sequence[Picture]) -> np.ndarray:
        """As :func:`pir_mm.apis.embed_images`, in the arithmetic of the index."""
        return embed_images(self.load(for_pictures=True), pictures, precision=self._index.precision)
