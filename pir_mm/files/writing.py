"""Files and folders that appear whole or not at all."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pir_mm.files.write_errors import telling_write_errors


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its name when the body ends well.

    The temporary name is hidden and has the same ending. Missing folders are made. After an error,
    or if the process is killed, the file that was there before is as it was.

    Raises:
        FullDiskError: if there is no room for it.
        OSError: if it may not be written; the message names it.
    """
    path = Path(path)
    temporary = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
    try:
        with telling_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with open(temporary, 'rb+') as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        with suppress(OSError):  # a disk that may only be read says so of what is not there
            temporary.unlink()


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 file, whole or not at all, with the line ends of ``text``."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding='utf-8', newline='')


def write_json(path: str | Path, content: Any, indent: int | None = 1) -> None:
    """Write a JSON file, whole or not at all. ``indent=None`` puts all on one line."""
    separators = (',', ':') if indent is None else None
    text = json.dumps(content, indent=indent, separators=separators, ensure_ascii=False)
    write_text(path, text + '\n')


@contextmanager
def atomic_folder(out: Path) -> Iterator[Path]:
    """Yield a new folder beside ``out`` that takes its place when the body ends well.

    After an error ``out`` is as it was. What a killed run left behind is removed by the next one,
    and an old folder that it had already moved aside is put back. Between the two renames a reader
    finds the old folder by :func:`moved_aside`.

    Raises:
        FullDiskError: if there is no room for what is written into it.
        OSError: if it may not be written; the message names it.
        ValueError: if another process is writing the same folder.
    """
    with telling_write_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f'.{out.name}.{os.getpid()}.part')
    old = out.with_name(f'.{out.name}.{os.getpid()}.old')
    with _only_writer(out):
        _tidy(out)
        try:
            with telling_write_errors(out):
                part.mkdir()
                yield part
                if out.exists():
                    out.rename(old)
                part.rename(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def only_writer(out: Path, lock_file: Path) -> Iterator[None]:
    """Keep other processes from writing ``out`` while the body runs; a kill ends that too.

    Args:
        out: what is written, for the message.
        lock_file: is locked, and made if it is not there.

    Raises:
        ValueError: if another process holds the lock.
    """
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f'another run is writing {out}: wait for its end, or choose another folder'
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _only_writer(out: Path) -> Iterator[None]:
    lock_file = out.with_name(f'.{out.name}.lock')
    with only_writer(out, lock_file):
        try:
            yield
        finally:
            lock_file.unlink(missing_ok=True)


def moved_aside(out: Path) -> Path | None:
    """The old folder if :func:`atomic_folder` has moved it aside and ``out`` is not there yet."""
    if out.exists() or not out.parent.is_dir():
        return None
    found = (path for path, _, kind in _companions(out) if kind == 'old')
    return next(found, None)


def _companions(out: Path) -> Iterator[tuple[Path, int, str]]:
    """Temporary folders of ``out``: path, the process that made it, and ``part`` or ``old``."""
    pattern = re.compile(rf'\.{re.escape(out.name)}\.(\d+)\.(part|old)')
    for path in out.parent.iterdir():
        match = pattern.fullmatch(path.name)
        if match is not None:
            yield path, int(match[1]), match[2]


def _tidy(out: Path) -> None:
    for path, process, kind in list(_companions(out)):
        if _is_running(process):
            continue
        if kind == 'old' and not out.exists():
            path.rename(out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()
