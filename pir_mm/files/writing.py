"""Files and folders that appear whole or not at all."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Yield a new folder beside ``out`` that takes its place when the body ends well.

    After an error ``out`` is as it was. What a killed run left behind is removed by the next one,
    and an old folder that it had already moved aside is put back.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    _tidy(out)
    part = out.with_name(f'.{out.name}.{os.getpid()}.part')
    old = out.with_name(f'.{out.name}.{os.getpid()}.old')
    part.mkdir()
    try:
        yield part
        if out.exists():
            out.rename(old)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _tidy(out: Path) -> None:
    pattern = re.compile(rf'\.{re.escape(out.name)}\.(\d+)\.(part|old)')
    for path in out.parent.iterdir():
        match = pattern.fullmatch(path.name)
        if match is None or _is_running(int(match[1])):
            continue
        if match[2] == 'old' and not out.exists():
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
