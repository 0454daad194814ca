"""Embed pictures and sentences with a trained model."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from pir_mm.apis.search.picture_reading import (
    PictureReader,
    pixel_batches,
    prepare_pixels,
    quiet,
)
from pir_mm.engine.bf16_optim_wrapper import multiplies_bf16
from pir_mm.files.pictures import Picture

CHUNK = 8192  # sentences that are tokenised together
TOKENS = 4096  # tokens of a text batch, with padding


def embed_images(
    model: nn.Module,
    pictures: Picture | Iterable[Picture],
    batch_size: int = 32,
    precision: str = 'fp32',
) -> np.ndarray:
    """Embed pictures with the test pipeline of the model's config.

    Files are decoded in the background, at most a few batches ahead.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        pictures: paths, pictures of Pillow, or arrays ``(H, W)`` and ``(H, W, 3 or 4)``, see
            :func:`pir_mm.files.pictures.pixels_of`; a list, a generator, or one alone.
        batch_size: pictures per batch.
        precision: of the arithmetic, ``'fp32'`` or ``'bf16'``.

    Returns:
        ``(n, D)`` float32 of unit norm, in the order of ``pictures``.

    Raises:
        FileNotFoundError: if a file does not exist; the message names it.
        ValueError: if a picture cannot be used, the message names it; or if there are no pictures.
    """
    alone = isinstance(pictures, str | os.PathLike | Image.Image) or (
        isinstance(pictures, np.ndarray) and pictures.ndim < 4
    )
    pictures = [pictures] if alone else list(pictures)
    if len(pictures) == 0:
        raise ValueError('no picture to embed: give at least one')
    return np.concatenate(list(image_batches(model, pictures, batch_size, precision)))


def embed_texts(model: nn.Module, strings: Iterable[str]) -> np.ndarray:
    """Embed sentences in batches of similar length; equal sentences are encoded once.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        strings: sentences; a list or a generator.

    Returns:
        ``(n, D)`` float32 of unit norm, in the order of ``strings``.

    Raises:
        ValueError: if there are no sentences, or if one is no string or has no words.
    """
    if isinstance(strings, str):
        raise ValueError('strings must be a list of sentences, got one string')
    strings = list(strings)
    if len(strings) == 0:
        raise ValueError('no sentence to embed: give at least one')
    for number, string in enumerate(strings):
        if not isinstance(string, str):
            raise ValueError(f'sentence {number} must be a string, got {string!r}')
    require_ready(model)
    row = {string: number for number, string in enumerate(dict.fromkeys(strings))}
    distinct, vectors = list(row), None
    with tqdm(total=len(distinct), unit='text', disable=quiet(len(distinct), CHUNK)) as bar:
        for start in range(0, len(distinct), CHUNK):
            ids, mask = model.tokenize(distinct[start : start + CHUNK])
            for rows in batches_by_length(mask.sum(dim=1).tolist(), TOKENS):
                longest = int(mask[rows].sum(dim=1).max())
                with torch.inference_mode():
                    part = to_numpy(model.encode_text(ids[rows, :longest], mask[rows, :longest]))
                if vectors is None:
                    vectors = np.empty((len(distinct), part.shape[1]), dtype=np.float32)
                vectors[start + np.array(rows)] = part
                bar.update(len(rows))
    return vectors[[row[string] for string in strings]]


def image_batches(
    model: nn.Module, pictures: Sequence[Picture], batch_size: int, precision: str = 'fp32'
) -> Iterator[np.ndarray]:
    """Yield the embeddings of pictures ``(n, D)``, batch by batch, in order.

    Args and errors are those of :func:`embed_images`.
    """
    check_batch_size(batch_size)
    require_ready(model)
    reader = PictureReader(model)
    for pixels in pixel_batches(lambda picture: reader(picture)[0], pictures, batch_size):
        yield encode_pixels(model, pixels, precision)


def encode_pixels(
    model: nn.Module, pixels: Sequence[Tensor], precision: str = 'fp32'
) -> np.ndarray:
    """Embed what :class:`PictureReader` gave.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        pixels: ``(3, H, W)`` each.
        precision: ``'fp32'``, or ``'bf16'`` for autocast where the device multiplies bfloat16.

    Returns:
        ``(n, D)`` float32 of unit norm.
    """
    device = next(model.parameters()).device.type
    fast = precision == 'bf16' and multiplies_bf16(device)
    # Without it a caller's own autocast holds.
    arithmetic = torch.autocast(device, torch.bfloat16) if fast else nullcontext()
    with torch.inference_mode(), arithmetic:
        vectors = model.encode_image(prepare_pixels(model, pixels)).float()
    # A head that normalises in bfloat16 is off by a few thousandths.
    return to_numpy(F.normalize(vectors, dim=-1) if fast else vectors)


def check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f'batch_size must be at least 1, got {batch_size}')


def batches_by_length(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Split the positions of texts into batches of similar length, longest first.

    A batch has at most ``tokens`` tokens, with padding. A longer text is a batch by itself.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    while order:
        size = max(1, tokens // max(lengths[order[0]], 1))
        yield order[:size]
        order = order[size:]


def require_ready(model: nn.Module) -> None:
    """Raise a ValueError unless a model has embeddings and is in evaluation mode."""
    if not hasattr(model, 'encode_image'):
        raise ValueError(
            f'{type(model).__name__} has no embeddings, which an index holds: take a dual encoder, '
            'such as pir_mm.PIR, pir_mm.CLIPRetriever or pir_mm.DistilledDualEncoder'
        )
    require_evaluation_mode(model)


def require_evaluation_mode(model: nn.Module) -> None:
    """Raise a ValueError if a model is in training mode."""
    if model.training:
        raise ValueError('the model is in training mode, where dropout is on: call model.eval()')


def to_numpy(vectors: Tensor) -> np.ndarray:
    return vectors.float().cpu().numpy()
