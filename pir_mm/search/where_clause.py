"""Conditions on the columns of an index, as people write them: ``gsd <= 10 and folder = 'A'``.

Nothing of the text reaches the database: it is parsed here, names are looked up in
:data:`COLUMNS`, and values are bound.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

TEXT, NUMBER, DATE = 'a text in quotes', 'a number', 'a date such as 2020-06-30'
COLUMNS = {
    'source': ('absolute_path(s.path)', TEXT),
    'name': ('file_name(s.path)', TEXT),
    'folder': ('folder_name(s.path)', TEXT),
    'date': ('s.date', DATE),
    'date_from': ("NULLIF(s.date_from, '')", TEXT),
    'crs': ('s.crs', TEXT),
    'gsd': ('s.gsd', NUMBER),
    'column': ('t.x', NUMBER),
    'row': ('t.y', NUMBER),
    'width': ('t.width', NUMBER),
    'height': ('t.height', NUMBER),
}
"""What a condition may name, the SQL of it, and the kind of its values.

``source`` is the absolute path of the file, ``name`` its last part, ``folder`` the name of the
folder that it lies in. ``date`` is the day on which it was taken, and ``date_from`` where that was
found, see :class:`pir_mm.files.taken_dates.TakenDate`. ``crs`` is the file's own, ``gsd`` metres on
the ground of a pixel. ``column``, ``row``, ``width`` and ``height`` are the tile's window.
"""
DATE_COLUMNS = ('date', 'date_from', 'gsd')
"""Those that an index of an older pir_mm lacks."""
COMPARISONS = ('=', '!=', '<', '<=', '>', '>=')
EXAMPLE = 'such as "date >= 2020-06 and name glob \'S2*\'"'
MAX_DEPTH = 50
MAX_LENGTH = 10_000
MAX_VALUES = 200
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<date>\d{4}-\d\d(?:-\d\d)?(?![\w.-]))
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign><=|>=|!=|<>|==|[=<>(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Condition:
    """SQL with a mark for each value, the values, and the columns that it names."""

    sql: str
    values: tuple[Any, ...]
    columns: frozenset[str] = frozenset()


def parse_where(text: str) -> Condition:
    """Read a condition.

    Comparisons of a column with a value by ``= != < <= > >=``, ``COLUMN in (A, B)``, ``COLUMN glob
    'PATTERN'`` with ``* ? [ab]`` as in a shell, where ``*`` also stands for ``/``, and ``COLUMN is
    null``; each may be turned by ``not``, and all are joined by ``and``, ``or`` and brackets. A
    date is a year, a month or a day, and is the whole of it: ``date <= 2020-06`` ends with the 30th
    of June. What has no value meets no comparison.

    Raises:
        ValueError: for anything else, saying where it stands.
    """
    return _Parser(text).condition()


def span(text: str) -> tuple[str, str]:
    """The first day of a year, month or day, and the first day after it.

    Raises:
        ValueError: if it is none.
    """
    match = re.fullmatch(r'(\d{4})(?:-(\d\d)(?:-(\d\d))?)?', text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no date: give 2020, 2020-06 or 2020-06-30')
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        if day:
            after = first + timedelta(days=1)
        elif month:
            after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        else:
            after = date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise ValueError(f'{text!r} is no date of the calendar') from None
    return first.isoformat(), after.isoformat()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ValueError(f'the condition has {len(text)} characters, above {MAX_LENGTH}')
        self._tokens = list(_tokens(text))
        self._next = 0
        self._values: list[Any] = []
        self._columns: set[str] = set()

    def condition(self) -> Condition:
        sql = self._any_of(0)
        if self._peek() != ('end', ''):
            raise self._fault('and, or, or the end')
        if len(self._values) > MAX_VALUES:
            raise ValueError(f'the condition has more than {MAX_VALUES} values')
        return Condition(sql, tuple(self._values), frozenset(self._columns))

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next]

    def _take(self) -> tuple[str, str]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _takes(self, *words: str) -> bool:
        """Whether the next token is a word, or a sign, of these; if so it is taken."""
        kind, text = self._peek()
        found = kind in ('word', 'sign') and text.lower() in words
        self._next += found
        return found

    def _fault(self, wanted: str) -> ValueError:
        found = self._peek()[1] or 'the end'
        return ValueError(f'{found} stands in the condition in place of {wanted}, {EXAMPLE}')

    def _any_of(self, depth: int) -> str:
        parts = [self._all_of(depth)]
        while self._takes('or'):
            parts.append(self._all_of(depth))
        return f'({" OR ".join(parts)})'

    def _all_of(self, depth: int) -> str:
        parts = [self._one(depth)]
        while self._takes('and'):
            parts.append(self._one(depth))
        return f'({" AND ".join(parts)})'

    def _one(self, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise ValueError(f'the condition is nested more than {MAX_DEPTH} deep')
        if self._takes('not'):
            return f'(NOT {self._one(depth + 1)})'
        if self._takes('('):
            sql = self._any_of(depth + 1)
            if not self._takes(')'):
                raise self._fault('a closing bracket')
            return sql
        return self._comparison()

    def _comparison(self) -> str:
        kind, name = self._peek()
        if kind != 'word' or name.lower() not in COLUMNS:
            raise self._fault(f'a column: {", ".join(COLUMNS)}')
        self._take()
        name = name.lower()
        self._columns.add(name)
        sql, wanted = COLUMNS[name]
        if self._takes('is'):
            turned = 'NOT ' if self._takes('not') else ''
            if not self._takes('null'):
                raise self._fault('null')
            return f'{sql} IS {turned}NULL'
        turned = 'NOT ' if self._takes('not') else ''
        if self._takes('glob'):
            if wanted is not TEXT:
                raise ValueError(f'glob compares texts, and {name} is {wanted}')
            return f'({turned}{sql} GLOB {self._bind(name)})'
        if self._takes('in'):
            return f'({turned}{self._among(name)})'
        comparisons = {'==': '=', '<>': '!='}
        sign = self._peek()[1]
        if turned or comparisons.get(sign, sign) not in COMPARISONS:
            raise self._fault('a comparison: = != < <= > >= in, glob, is null')
        self._take()
        return self._compared(name, comparisons.get(sign, sign))

    def _among(self, name: str) -> str:
        if not self._takes('('):
            raise self._fault('a bracket that opens a list')
        parts = [self._compared(name, '=')]
        while self._takes(','):
            parts.append(self._compared(name, '='))
        if not self._takes(')'):
            raise self._fault('a comma or a closing bracket')
        return f'({" OR ".join(parts)})'

    def _compared(self, name: str, sign: str) -> str:
        sql, wanted = COLUMNS[name]
        if wanted is not DATE:
            return f'{sql} {sign} {self._bind(name)}'
        first, after = self._date(name)
        edges = {'<': ('<', first), '<=': ('<', after), '>': ('>=', after), '>=': ('>=', first)}
        if sign in edges:
            edge, day = edges[sign]
            self._values.append(day)
            return f'{sql} {edge} ?'
        self._values += [first, after]
        return f'({sql} >= ? AND {sql} < ?)' if sign == '=' else f'({sql} < ? OR {sql} >= ?)'

    def _bind(self, name: str) -> str:
        kind, text = self._peek()
        wanted = COLUMNS[name][1]
        if kind != {TEXT: 'text', NUMBER: 'number'}[wanted]:
            raise self._fault(f'{wanted} to compare {name} with')
        self._take()
        self._values.append(_unquoted(text) if kind == 'text' else float(text))
        return '?'

    def _date(self, name: str) -> tuple[str, str]:
        kind, text = self._peek()
        if kind not in ('text', 'date', 'number'):
            raise self._fault(f'{DATE} to compare {name} with')
        self._take()
        return span(_unquoted(text) if kind == 'text' else text)


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _tokens(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token, and ``('end', '')``."""
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].strip()
            raise ValueError(
                f'{rest[:20]!r} cannot be read in the condition, {EXAMPLE}: columns, values, '
                'comparisons, and, or, not, brackets'
            )
        found.append((str(match.lastgroup), match[match.lastgroup]))
        place = match.end()
    return [*found, ('end', '')]
