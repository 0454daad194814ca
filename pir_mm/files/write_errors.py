"""Why a file cannot be written, told in one sentence."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
def telling_write_errors(path: str | Path, needs: int = ROOM) -> Iterator[None]:
    """Have an error in the body that is about writing ``path`` name it and say what is wrong.

    A full disk becomes a :class:`FullDiskError`. A place that may not be written keeps the class of
    its error, and is named in place of a temporary file beside it.

    Libraries that write in C++ or Rust fail in words of their own and lose the reason (torch,
    safetensors, GDAL). After such an error it is tried whether ``needs`` bytes can be written
    beside ``path``.
    """
    try:
        yield
    except Exception as error:
        is_explained = isinstance(error, EXPLAINED)
        number = getattr(error, 'errno', None) if is_explained else _refusal(path, needs)
        if number in REASONS:
            raise full_disk(path, number) from error
        is_about = _is_about(getattr(error, 'filename', None), path)
        if number is None or (is_explained and not is_about):
            raise
        kind = type(error) if is_explained else OSError
        raise kind(f'{path} cannot be written: {os.strerror(number)}') from error


def _is_about(name: object, path: str | Path) -> bool:
    """Whether an error of the system names a path, its temporary file or a folder it lies in."""
    if not isinstance(name, str | os.PathLike):
        return False
    named, path = Path(name).absolute(), Path(path).absolute()
    is_temporary = named.parent == path.parent and named.name.startswith(f'.{path.stem}.')
    return is_temporary or named in (path, *path.parents)


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
        with suppress(OSError):
            trial.unlink()
    return None
