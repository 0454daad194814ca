"""What an index says of the store that serves it."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from pir_mm.search.recall_tuning import TARGET, Width

NAME = re.compile(r'(pir_mm_)?[0-9a-f]{16}')
LOCAL = '.db'
"""Ending of a file of milvus-lite."""


def is_milvus(asked: str) -> bool:
    """Whether a store is named by a URL of Milvus, or by a file of milvus-lite."""
    return asked.startswith(('http://', 'https://', 'tcp://', 'unix:')) or asked.endswith(LOCAL)


def is_store(asked: str) -> bool:
    """Whether people can ask for this."""
    return asked in ('auto', 'exact', 'faiss') or is_milvus(asked)


def refuse_unknown_store(asked: str | None) -> None:
    """Raise a ValueError if people cannot ask for a store; ``None`` is no wish."""
    if asked is not None and not is_store(asked):
        raise ValueError(
            'a store is auto, exact, faiss, the URL of Milvus, or a file of milvus-lite that ends '
            f'in {LOCAL}; got {asked}'
        )


@dataclass(frozen=True)
class StoreNote:
    """What an index says of its store.

    Args:
        asked: ``'auto'``, ``'exact'``, ``'faiss'``, or where Milvus is.
        kind: what serves it: ``'exact'``, ``'faiss'`` or ``'milvus'``.
        name: of the inverted file or the collection.
        covered: the first tile's id that it may lack.
        rows: how many vectors it had when it was built.
        widths: how wide it searches for the best ``k``, each with its ``k`` and recall.
        queries: how many queries that recall was measured with, and of what.
    """

    asked: str = 'auto'
    kind: str = 'exact'
    name: str = ''
    covered: int = 0
    rows: int = 0
    widths: tuple[Width, ...] = ()
    queries: str = ''

    def __post_init__(self) -> None:
        words = (self.asked, self.kind, self.name, self.queries)
        is_valid = (
            all(type(word) is str for word in words)
            and all(type(n) is int for n in (self.covered, self.rows))
            and is_store(self.asked)
            and self.kind in ('exact', 'faiss', 'milvus')
            and (self.kind == 'exact' or NAME.fullmatch(self.name) is not None)
        )
        if not is_valid:
            raise ValueError(f'the note of a store is damaged: {self}; index anew')

    @classmethod
    def of(cls, note: dict[str, Any] | None) -> 'StoreNote':
        """From what JSON kept; ``None`` is an index without a note.

        Raises:
            ValueError: if it cannot be one.
        """
        try:
            widths = tuple(Width(**width) for width in (note or {}).get('widths', ()))
            return cls(**{**(note or {}), 'widths': widths})
        except (AttributeError, TypeError):
            raise ValueError(f'the note of a store is damaged: {note}; index anew') from None

    def to_json(self) -> dict[str, Any]:
        """The way back."""
        return asdict(self)

    @property
    def sufficient(self) -> dict[int, int]:
        """The widths that reach the recall that is wanted, by ``k``."""
        return {width.k: width.width for width in self.widths if width.recall >= TARGET}

    @property
    def sentence(self) -> str:
        """What serves the index, and how much it finds, for people."""
        found = ', '.join(f'{w.recall:.3f} of the best {w.k}' for w in self.widths)
        measured = f'finds {found}, by {self.queries}' if found else ''
        if self.kind == 'exact':
            why = f': FAISS {measured}, less than {TARGET}' if found else ''
            return f'exact search{why}'
        return f'search by {"FAISS" if self.kind == "faiss" else "Milvus"}, which {measured}'
