"""An exported model: sentences and pictures to embeddings, by ONNX Runtime."""

import json
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pir_mm.deployment.export_card import (
    IMAGE,
    PREPROCESS,
    TEXT,
    TOKENIZER,
    export_folder,
    read_card,
)
from pir_mm.deployment.exported_tokenizer import ExportedTokenizer
from pir_mm.deployment.picture_steps import PictureSteps
from pir_mm.files.extras import import_extra
from pir_mm.files.pictures import Picture

BATCH = 32


class ExportedRetriever:
    """The two towers of a retriever in a folder that ``tools/export.py onnx`` made.

    Nothing of it imports torch. A tower is loaded when it is first used, so a text query does not
    wait for the image tower. It is an :class:`pir_mm.querying.Embedder`.

    Args:
        folder: of the export, or its ``model.json``.

    Attributes:
        fingerprint: that of the torch model.
        arithmetic: ``'fp32'`` or ``'int8'``.
        preprocess: content of ``preprocess.json``.

    Raises:
        FileNotFoundError: if it is no export, or a file of it is absent.
        ValueError: if a file of it is damaged.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = export_folder(folder)
        self.card = read_card(self.folder)
        self.fingerprint = self.card.fingerprint
        self.arithmetic = self.card.arithmetic
        path = self.folder / PREPROCESS
        try:
            self.preprocess: dict[str, Any] = json.loads(path.read_text('utf-8'))
            self.picture_steps = PictureSteps(**self.preprocess)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f'{path} is damaged: {error}') from None

    def load(self, for_pictures: bool = False) -> None:
        """Load the text tower now, or the image tower."""
        _ = self._image if for_pictures else self._text

    @cached_property
    def tokenizer(self) -> ExportedTokenizer:
        return ExportedTokenizer(self.folder / TOKENIZER, **self.card.tokenizer)

    def encode_text(
        self, token_ids: NDArray[np.int64], token_mask: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Embeddings ``(M, D)``, unit-norm, of texts ``(M, L)``."""
        given = {'token_ids': token_ids, 'token_mask': token_mask}
        read = {wanted.name for wanted in self._text.get_inputs()}  # CLIP reads no mask
        return _run(self._text, {name: given[name] for name in read})

    def encode_image(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings ``(B, D)``, unit-norm, of normalised images ``(B, 3, H, W)``."""
        return _run(self._image, {'images': images})

    def embed_texts(self, strings: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings ``(n, D)`` of sentences, in their order.

        Raises:
            ValueError: if one has no words.
        """
        found = [
            self.encode_text(*self.tokenizer(strings[start : start + BATCH]))
            for start in range(0, len(strings), BATCH)
        ]
        return np.concatenate(found)

    def embed_images(self, pictures: Iterable[Picture]) -> NDArray[np.float32]:
        """Embeddings ``(n, D)`` of paths, pictures of Pillow or arrays, in their order.

        Raises:
            FileNotFoundError: if a file does not exist.
            ValueError: if a picture cannot be used; the message names it.
        """
        found = []
        for picture in pictures:
            try:
                pixels = self.picture_steps(picture)
            except ValueError as error:
                in_memory = isinstance(picture, np.ndarray | Image.Image)
                name = 'a picture in memory' if in_memory else picture
                raise ValueError(f'{name}: {error}') from None
            found.append(self.encode_image(pixels[None]))
        return np.concatenate(found)

    @cached_property
    def _text(self) -> Any:
        return _session(self.folder / TEXT)

    @cached_property
    def _image(self) -> Any:
        return _session(self.folder / IMAGE)


def _session(path: Path) -> Any:
    onnxruntime = import_extra('onnxruntime', 'onnx', 'an exported model needs')
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    threads = os.environ.get('OMP_NUM_THREADS', '')
    if threads.isdigit() and int(threads):
        options.intra_op_num_threads = int(threads)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    except Exception as error:  # its classes of errors have no common one
        raise ValueError(f'{path} cannot be run: {error}') from None


def _run(session: Any, given: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    try:
        return session.run(None, given)[0]
    except Exception as error:
        shapes = ', '.join(f'{name} {value.shape}' for name, value in given.items())
        raise ValueError(f'the exported model cannot compute {shapes}: {error}') from None
