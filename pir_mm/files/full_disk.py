"""What a full disk does to a file, told in one sentence."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REASONS = {
    errno.ENOSPC: 'the disk is full',
    errno.EDQUOT: 'your share of the disk is used up',
    errno.EFBIG: 'the disk, or `ulimit -f`, allows no file of this size',
}
"""What to say, by the number of an error of the system."""
ROOM = 2**24
"""Bytes for which there must be room, or else a library failed because there was none."""
BLOCK = 2**20
EXPLAINED = (OSError, ValueError, TypeError, KeyError, ImportError)
"""Errors that say what they mean."""


class FullDiskError(OSError):
    """There is no room for a file; the message names it."""


def full_disk(path: str | Path, number: int = errno.ENOSPC) -> FullDiskError:
    """The error for a file that was not written, by the number that the system gave."""
    return FullDiskError(
        f'{REASONS[number]}: {path} is not written; make room there and run the command again'
    )


@contextmanager
def telling_full_disk(path: str | Path, needs: int = ROOM) -> Iterator[None]:
    """Turn what a full disk raises in the body into a :class:`FullDiskError` that names ``path``.

    Libraries that write in C++ or Rust fail in words of their own and lose the reason (torch,
    safetensors, GDAL). After such an error it is tried whether ``needs`` bytes can be written
    beside ``path``.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, EXPLAINED):
            number = getattr(error, 'errno', None)
        else:
            number = _refusal(path, needs)
        if number not in REASONS:
            raise
        raise full_disk(path, number) from error


def _refusal(path: str | Path, size: int) -> int | None:
    """The number of the error with which the disk of a path refuses ``size`` bytes, if it does."""
    folder = next(place for place in Path(path).absolute().parents if place.is_dir())
    trial, block = folder / f'.{os.getpid()}.room', os.urandom(BLOCK)
    try:
        with trial.open('wb') as file:
            for _ in range(-(-size // BLOCK)):
                file.write(block)
    except OSError as error:
        return error.errno
    finally:
        trial.unlink(missing_ok=True)
    return None
