"""Read pictures in the background, as the model's own pipeline prepares them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
from mmengine.dataset import Compose
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from pir_mm.files.pictures import MAX_PIXELS, Picture, picture_size, pixels_of
from pir_mm.search import Tile

Item = TypeVar('Item')
LOADERS = ('LoadPicture', 'LoadImageFromFile')
READERS = min(8, os.cpu_count() or 1)
"""Threads that read pictures."""


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


def pixel_batches(
    read: Callable[[Item], Tensor], pictures: Sequence[Item], batch_size: int
) -> Iterator[list[Tensor]]:
    """Yield what ``read`` gives of pictures, batch by batch, in order, at most a few batches ahead.

    Args:
        read: pixels ``(3, H, W)`` of a picture.
        pictures: paths, arrays, pictures of Pillow or tiles.
        batch_size: pictures per batch.

    Raises:
        FileNotFoundError, ValueError: as ``read`` does; the message names the picture.
    """
    bar = tqdm(pictures, unit='picture', disable=quiet(len(pictures), batch_size))
    batch: list[Tensor] = []
    with closing(in_background(read, pictures, READERS, 2 * batch_size + READERS)) as futures:
        for picture, future in zip(bar, futures, strict=True):
            error = future.exception()
            if error is not None:
                raise type(error)(f'{_name_of(picture)}: {error}') from None
            batch.append(future.result())
            if len(batch) == batch_size:
                yield batch
                batch = []
    if batch:
        yield batch


def prepare_pixels(model: nn.Module, pixels: Sequence[Tensor]) -> Tensor:
    """Images ``(n, 3, H, W)``, normalised and on the model's device, of pixels ``(3, H, W)``."""
    return model.data_preprocessor({'inputs': torch.stack(list(pixels))}, False)['images']


def quiet(total: int, at_once: int) -> bool | None:
    """Whether to hide the progress bar. None lets tqdm draw it only on a terminal."""
    return True if total <= at_once else None


def _name_of(picture: Picture | Tile) -> str:
    if isinstance(picture, Tile):
        return picture.source
    return 'an array' if isinstance(picture, np.ndarray) else str(picture)
