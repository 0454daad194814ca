"""From a picture, a file or an array, to what the model's preprocessor takes."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from mmengine.dataset import Compose
from torch import Tensor, nn

from pir_mm.search import picture_size

Item = TypeVar('Item')
Picture = str | os.PathLike | np.ndarray

LOADERS = ('LoadPicture', 'LoadImageFromFile')
MAX_PIXELS = 100_000_000


class PictureReader:
    """Runs the test pipeline of a model's config on one picture; several threads may.

    Args:
        model: with the config in ``model.cfg``.

    Raises:
        ValueError: if the model knows no config with a test pipeline.
    """

    def __init__(self, model: nn.Module) -> None:
        steps = test_pipeline(model)
        after = [step for step in steps if step['type'].split('.')[-1] not in LOADERS]
        limits = [step['max_pixels'] for step in steps if 'max_pixels' in step]
        self.max_pixels = limits[0] if limits else MAX_PIXELS
        self._file_steps, self._array_steps = Compose(steps), Compose(after)

    def __call__(self, picture: Picture) -> tuple[Tensor, tuple[int, int]]:
        """Pixels ``(3, H, W)`` for the preprocessor, and (width, height) of the whole picture.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: the kind of reason, a colon, details; the file is not named.
        """
        if isinstance(picture, np.ndarray):
            if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
                raise ValueError(
                    'not a picture: an array must be (H, W, 3) uint8 RGB, got '
                    f'{picture.dtype} of shape {picture.shape}'
                )
            height, width = picture.shape[:2]
            shape = {'img_shape': (height, width), 'ori_shape': (height, width)}
            bgr = np.ascontiguousarray(picture[:, :, ::-1])
            return self._array_steps({'img': bgr, **shape})['inputs'], (width, height)
        size = picture_size(picture, self.max_pixels)
        try:
            return self._file_steps({'img_path': os.fspath(picture)})['inputs'], size
        except Exception as error:  # whatever is wrong in a file must not end a long run
            raise ValueError(f'cannot be decoded: {error}') from error


def test_pipeline(model: nn.Module) -> list[dict[str, Any]]:
    """The transforms of ``test_dataloader.dataset.pipeline`` in the model's config."""
    try:
        return list(model.cfg.test_dataloader.dataset.pipeline)
    except AttributeError:
        raise ValueError(
            'the model must know its config, as `model.cfg`, and this have '
            '`test_dataloader.dataset.pipeline`: load it by pir_mm.apis.load_retriever'
        ) from None


def in_background(
    work: Callable[[Item], Any], items: Iterable[Item], workers: int, ahead: int
) -> Iterator[Future[Any]]:
    """Futures of ``work(item)`` in the order of ``items``, at most ``ahead`` begun and not taken.

    Threads suffice: decoding and resizing release the interpreter's lock.
    """
    items = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix='pictures') as pool:
        pending = deque(pool.submit(work, item) for item in islice(items, ahead))
        try:
            while pending:
                yield pending.popleft()
                pending.extend(pool.submit(work, item) for item in islice(items, 1))
        finally:
            for future in pending:
                future.cancel()
