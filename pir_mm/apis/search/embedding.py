"""Embed pictures and sentences with a trained model."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dataset import Compose
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from pir_mm.engine.bf16_optim_wrapper import multiplies_bf16
from pir_mm.files.pictures import MAX_PIXELS, picture_size, pixels_of

Item = TypeVar('Item')
Picture = str | os.PathLike | np.ndarray | Image.Image

LOADERS = ('LoadPicture', 'LoadImageFromFile')
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
    workers = min(8, os.cpu_count() or 1)
    read = in_background(PictureReader(model), pictures, workers, 2 * batch_size + workers)
    batch: list[Tensor] = []
    bar = tqdm(pictures, unit='picture', disable=quiet(len(pictures), batch_size))
    for picture, future in zip(bar, read, strict=True):
        error = future.exception()
        if error is not None:
            name = 'an array' if isinstance(picture, np.ndarray) else picture
            raise type(error)(f'{name}: {error}') from None
        batch.append(future.result()[0])
        if len(batch) == batch_size:
            yield encode_pixels(model, batch, precision)
            batch = []
    if batch:
        yield encode_pixels(model, batch, precision)


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
        data = model.data_preprocessor({'inputs': torch.stack(list(pixels))}, False)
        vectors = model.encode_image(data['images']).float()
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
    if model.training:
        raise ValueError('the model is in training mode, where dropout is on: call model.eval()')


def quiet(total: int, at_once: int) -> bool | None:
    """Whether to hide the progress bar. None lets tqdm draw it only on a terminal."""
    return True if total <= at_once else None


def to_numpy(vectors: Tensor) -> np.ndarray:
    return vectors.float().cpu().numpy()


class PictureReader:
    """Runs the test pipeline of a model's config on one picture. Threads can share it.

    Args:
        model: model with its config in ``model.cfg``.

    Raises:
        ValueError: if the model has no config with a test pipeline.
    """

    def __init__(self, model: nn.Module) -> None:
        steps = test_pipeline(model)
        after = [step for step in steps if step['type'].split('.')[-1] not in LOADERS]
        limits = [step['max_pixels'] for step in steps if 'max_pixels' in step]
        self.max_pixels = limits[0] if limits else MAX_PIXELS
        self._file_steps, self._array_steps = Compose(steps), Compose(after)

    def __call__(self, picture: Picture) -> tuple[Tensor, tuple[int, int]]:
        """Read a picture.

        Returns:
            Pixels ``(3, H, W)`` for the data preprocessor, and (width, height) of the picture
            before the pipeline.

        Raises:
            FileNotFoundError: if the file does not exist.
            ValueError: if the picture cannot be used. The message is a kind of reason, a colon
                and details. It does not name the file.
        """
        if isinstance(picture, np.ndarray | Image.Image):
            try:
                pixels = pixels_of(picture)
            except ValueError as error:
                raise ValueError(f'not a picture: {error}') from None
            height, width = pixels.shape[:2]
            shape = {'img_shape': (height, width), 'ori_shape': (height, width)}
            return self._array_steps({'img': pixels, **shape})['inputs'], (width, height)
        if not isinstance(picture, str | os.PathLike):
            raise ValueError(
                'not a picture: give a path, a picture of Pillow or an array, got '
                f'{type(picture).__name__}'
            )
        size = picture_size(picture, self.max_pixels)
        try:
            return self._file_steps({'img_path': os.fspath(picture)})['inputs'], size
        except Exception as error:  # no bad file may stop a long run
            reason = getattr(error, 'reason', '') or error
            raise ValueError(f'cannot be decoded: {reason}') from error


def test_pipeline(model: nn.Module) -> list[dict[str, Any]]:
    """The transforms of ``test_dataloader.dataset.pipeline`` in the model's config.

    A config that tests nothing, such as one of a model that scores pairs, has a ``test_pipeline``.
    """
    cfg = getattr(model, 'cfg', None)
    try:
        return list(cfg.test_dataloader.dataset.pipeline)
    except AttributeError:
        if getattr(cfg, 'test_pipeline', None):
            return list(cfg.test_pipeline)
        raise ValueError(
            'the model has no `model.cfg` with `test_dataloader.dataset.pipeline`: load it with '
            'pir_mm.apis.load_retriever'
        ) from None


def in_background(
    work: Callable[[Item], Any], items: Iterable[Item], workers: int, ahead: int
) -> Iterator[Future[Any]]:
    """Yield futures of ``work(item)`` in the order of ``items``, computed by threads.

    Threads are enough, because decoding and resizing release the interpreter's lock. A consumer
    that leaves early waits for none of them: Python may close what it left at any moment, even in
    the first steps of another thread, where waiting for a thread would never end.

    Args:
        work: function of one item.
        items: its arguments.
        workers: number of threads.
        ahead: how many items may be started before their futures are taken.
    """
    items = iter(items)
    pool = ThreadPoolExecutor(workers, thread_name_prefix='pictures')
    pending: deque[Future[Any]] = deque()
    try:
        pending.extend(pool.submit(work, item) for item in islice(items, ahead))
        while pending:
            yield pending.popleft()
            pending.extend(pool.submit(work, item) for item in islice(items, 1))
    finally:
        for future in pending:
            future.cancel()
        pool.shutdown(wait=False)
