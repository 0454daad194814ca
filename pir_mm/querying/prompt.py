"""A prompt that searches line by line, with everything loaded."""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

from pir_mm.querying.queries import Query
from pir_mm.querying.search_result import SearchResult

HELP = """a line is a query; besides these there is
:image PATH   search with a picture
:k N          results of each query
:save FILE    write the last results (.csv .geojson .gpkg .html .png)
:quit         end, as does the end of the input"""


class SearchPrompt:
    """Answers one line after the other; a mistake is one sentence, and the prompt goes on.

    Args:
        search: finds results of a query, ``top_k`` of them.
        show: is given results and prints them.
        say: is given a sentence to tell.
        top_k: results of each query, until ``:k`` changes it.
    """

    def __init__(
        self,
        search: Callable[[Query, int], SearchResult],
        show: Callable[[SearchResult], None],
        say: Callable[[str], None],
        top_k: int = 10,
    ) -> None:
        self._search, self._show, self._say = search, show, say
        self._top_k = top_k
        self._last: SearchResult | None = None

    def run(self, lines: Iterable[str]) -> int:
        """Answer lines until they end or ask to quit; returns how many were not empty."""
        count = 0
        for line in lines:
            line = line.strip()
            if not line:
                continue
            count += 1
            try:
                if not self._answer(line):
                    break
            except (ValueError, OSError) as error:
                self._say(f'error: {error}')
        return count

    def _answer(self, line: str) -> bool:
        """Answer one line; returns whether to go on."""
        if not line.startswith(':'):
            self._find(line)
            return True
        command, _, rest = line[1:].partition(' ')
        rest = rest.strip()
        if command == 'image':
            self._find(Path(_one_path(rest)))
        elif command == 'k':
            if not rest.isdecimal() or int(rest) < 1:
                raise ValueError(f':k needs a number of at least 1, got {rest!r}')
            self._top_k = int(rest)
        elif command == 'save':
            if self._last is None:
                raise ValueError('there is nothing to save yet: search first')
            for note in self._last.save(_one_path(rest)):
                self._say(note)
        elif command == 'help':
            self._say(HELP)
        elif command == 'quit':
            return False
        else:
            raise ValueError(f':{command} is unknown: :image, :k, :save, :help and :quit are there')
        return True

    def _find(self, query: Query) -> None:
        self._last = self._search(query, self._top_k)
        self._show(self._last)


def _one_path(text: str) -> str:
    """A path as one types it: quoted, or as it is, blanks and all."""
    if text[:1] in ('"', "'"):
        text = ' '.join(shlex.split(text))
    if not text:
        raise ValueError('a path is missing')
    return text
