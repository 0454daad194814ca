"""An index as clients see it: its newest complete version, and no path of this machine."""

import logging
import os
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from torch import nn

from pir_mm.apis.search import Searcher
from pir_mm.search import EmbeddingIndex
from pir_mm.search.embedding_index import CARD

log = logging.getLogger(__name__)


class Edition:
    """One version of an index, which stays as it is while it is used.

    Args:
        searcher: of this version.
        version: its name.
    """

    def __init__(self, searcher: Searcher, version: str) -> None:
        self.searcher = searcher
        self.version = version

    @property
    def index(self) -> EmbeddingIndex:
        return self.searcher.index

    @cached_property
    def root(self) -> Path:
        return Path(self.index.root)

    @cached_property
    def files(self) -> int:
        """Files that have a tile."""
        return self.index.card.sources

    @cached_property
    def extent(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north of all tiles."""
        return self.index.extent

    def name_of(self, source: str) -> str:
        """A file by its place below the folder that was indexed.

        Of files that share no folder only their last names are told.
        """
        path = Path(source)
        if self.root == self.root.parent or not path.is_relative_to(self.root):
            return path.name
        return path.relative_to(self.root).as_posix()

    def public(self, sentence: str) -> str:
        """A sentence without the folders of this machine that are known to it."""
        files = [file for file in (self.index.config, self.index.checkpoint) if file]
        folders = {os.path.abspath(self.index.folder), str(self.root)}
        folders |= {str(self.index.folder), *map(os.path.dirname, files)}
        for folder in sorted(folders - {'', '.', os.sep}, key=len, reverse=True):
            sentence = sentence.replace(f'{folder}{os.sep}', '').replace(folder, 'the index')
        return sentence


class ServedIndex:
    """The newest version of an index; who has taken an older one keeps it.

    Args:
        folder: of the index.
        config, checkpoint, device, root, model, background: as in :class:`Searcher`.

    Raises:
        FileNotFoundError, ValueError: as :class:`Searcher`, or if the model cannot be loaded.
    """

    def __init__(
        self,
        folder: str | Path,
        config: str | Path | None = None,
        checkpoint: str | Path | None = None,
        device: str = 'cpu',
        root: str | Path | None = None,
        model: nn.Module | None = None,
        background: Sequence[str] | None = None,
    ) -> None:
        self._folder = Path(folder)
        self._files, self._device, self._root = (config, checkpoint), device, root
        self._background = background
        self._tried = _state(self._folder)
        self.current = self._edition(model)

    def refresh(self) -> None:
        """Open the index anew if an indexing run has ended since.

        One that cannot be opened is told to the log, and the last good one is served on.
        """
        now = _state(self._folder)
        if now is None or now == self._tried:
            return
        self._tried = now
        try:
            # of another model, the old one is of no use
            old = self.current
            index = EmbeddingIndex(self._folder, self._root)
            is_same = not old.index.fingerprint.differences(index.fingerprint)
            self.current = self._edition(old.searcher.embedder.load() if is_same else None, index)
            log.info('serving %d tiles', len(index))
        except Exception as error:  # whatever is wrong with it must not end the service
            log.warning('the new version of the index is not served: %s', error)

    def _edition(self, model: nn.Module | None, index: EmbeddingIndex | None = None) -> Edition:
        searcher = Searcher(
            index or EmbeddingIndex(self._folder, self._root),
            *self._files,
            self._device,
            model=model,
            background=self._background,
        )
        searcher.warm_up()
        return Edition(searcher, sha256(repr(self._tried).encode()).hexdigest()[:12])


def _state(folder: Path) -> tuple[int, ...] | None:
    """Changes when a run has ended, which writes the card last; ``None`` while there is no card."""
    try:
        now = os.stat(folder / CARD)
    except OSError:
        return None
    return now.st_ino, now.st_mtime_ns, now.st_size
