"""How far an index run is: a bar on a terminal, and lines in a log."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from pir_mm.apis.search.tile_reading import TileRead

SECONDS = 30
"""Between two lines."""


class IndexingProgress:
    """A bar of the bytes of all files; every half minute and at the end a line.

    Lines go to the log, and to stderr where no terminal shows the bar. A context manager.

    Args:
        total: bytes of all files that are to be read.
        files: how many they are.
        log: file to which lines are added; ``None`` writes none.
        quiet: show nothing, of one of many processes.
    """

    def __init__(self, total: int, files: int, log: Path | None, quiet: bool = False) -> None:
        self._total = max(total, 1)
        self._files = files
        self._log = log
        self._on_terminal = sys.stderr.isatty()
        self._quiet = quiet
        self._bytes, self._tiles, self._done = 0.0, 0, 0
        self._began = self._last_line = time.monotonic()
        self._bar = tqdm(
            total=total, unit='B', unit_scale=True, disable=quiet or not self._on_terminal
        )

    def __enter__(self) -> 'IndexingProgress':
        self.line(f'{self._files} files to read, {self._total / 1e6:.1f} MB')
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar.close()
        self.line(self._state() + ('' if kind is None else f', ended by {kind.__name__}'))

    def tile(self, found: TileRead, file_bytes: int) -> None:
        """Count a tile of a file of some size."""
        windows = 1 if found.source is None else len(found.source.grid)
        self._bytes += file_bytes / windows
        self._tiles += found.pixels is not None
        self._done += found.is_last
        self._bar.update(int(self._bytes) - self._bar.n)
        self._bar.set_postfix_str(f'{self._tiles} tiles', refresh=False)
        now = time.monotonic()
        if now - self._last_line >= SECONDS:
            self._last_line = now
            self.line(self._state())
            if not self._on_terminal and not self._quiet:
                print(self._state(), file=sys.stderr)

    def line(self, text: str) -> None:
        """Add a line with the time to the log."""
        if self._log is not None and not self._quiet:
            # A full disk ends the run elsewhere, with its reason.
            with suppress(OSError), self._log.open('a', encoding='utf-8') as file:
                file.write(f'{time.strftime("%Y-%m-%d %H:%M:%S")} {text}\n')

    def _state(self) -> str:
        seconds = max(time.monotonic() - self._began, 1e-3)
        share = min(self._bytes / self._total, 1)
        left = '' if share <= 0 else f', {_duration(seconds / share - seconds)} left'
        return (
            f'{self._tiles} tiles of {self._done} of {self._files} files, {share:.0%}, '
            f'{self._tiles / seconds:.1f} tiles/s{left if share < 1 else ""}'
        )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f'{minutes // 60} h {minutes % 60} min' if minutes >= 60 else f'{minutes} min'
