"""What a search has found, as a value that prints itself, shows itself and is written to files."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePath

import numpy as np

from pir_mm.files.names import shortest_names
from pir_mm.files.pictures import pixels_of
from pir_mm.files.writing import write_text
from pir_mm.querying.queries import EmbeddedQuery, JoinedQuery, Query, query_words
from pir_mm.search import (
    EmbeddingIndex,
    Hit,
    Tile,
    TileSource,
    write_csv,
    write_geojson,
    write_gpkg,
)
from pir_mm.structures.ranking import Ranking

ENDINGS = ('.csv', '.geojson', '.gpkg', '.html', '.png')
MAX_CARDS = 500
"""Results of a page; more could not be looked at."""
SIDE = 192
"""Pixels of the thumbnails of a page, twice which is read of a tile."""


@dataclass(frozen=True, eq=False)
class QueryResult:
    """What was found for one query.

    Args:
        query: as it was asked.
        hits: best first; none if nothing met the filter or the least score.
        verdict: a sentence where nothing was found, or nothing better than unrelated sentences
            find; else empty.
    """

    query: Query
    hits: tuple[Hit, ...]
    verdict: str = ''


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What was found for several queries. A notebook shows it with pictures.

    Args:
        index: in which was searched.
        results: of each query.
        notes: sentences that people should read with it.
    """

    index: EmbeddingIndex
    results: tuple[QueryResult, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
    ) -> 'SearchResult':
        """The value of a plain ranking."""
        tiles = iter(index.tiles(ranking.ids.reshape(-1).tolist()))
        results = []
        for query, ids, scores in zip(
            queries, ranking.ids.tolist(), ranking.scores.tolist(), strict=True
        ):
            numbered = enumerate(zip(scores, tiles, ids, strict=False), start=1)
            words = query_words(query)
            hits = tuple(
                Hit(words, rank, score, tile, number) for rank, (score, tile, number) in numbered
            )
            results.append(QueryResult(query, hits))
        return cls(index, tuple(results))

    @property
    def hits(self) -> list[Hit]:
        """All results, query by query, best first."""
        return [hit for result in self.results for hit in result.hits]

    def __str__(self) -> str:
        return self.table()

    def table(self, links: bool = False) -> str:
        """A small table for each query: rank, score, percentile where it is known, and file.

        Behind the file stand the column and row of a tile's corner, and how many more tiles of the
        place there are. What a terminal would obey in a name is shown by its number.

        Args:
            links: whether names are links that a terminal opens (OSC 8).
        """
        return '\n\n'.join(self._block(result, links) for result in self.results)

    def _block(self, result: QueryResult, links: bool) -> str:
        lines = [_plain(query_words(result.query))]
        if result.hits:
            known = any(hit.percentile is not None for hit in result.hits)
            lines.append(f'rank   score  {"percentile  " if known else ""}file')
            lines += [_row(hit, known, links) for hit in result.hits]
        return '\n'.join([*lines, result.verdict] if result.verdict else lines)

    def save(self, path: str | Path) -> list[str]:
        """Write it in the format of the ending, whole or not at all.

        ``.csv`` table; ``.geojson`` and ``.gpkg`` features; ``.png`` contact sheet; ``.html`` page
        with its pictures in it.

        Returns:
            A sentence on each thing that the file does not show.

        Raises:
            ValueError: for another ending.
        """
        ending = Path(path).suffix.lower()
        if ending == '.png':
            return self._draw(path)
        if ending == '.html':
            return self._write_page(path)
        writers: dict[str, Callable[[str | Path, Sequence[Hit]], None]] = {
            '.csv': write_csv,
            '.geojson': write_geojson,
            '.gpkg': write_gpkg,
        }
        if ending not in writers:
            raise ValueError(f'{path} must end in {", ".join(ENDINGS)}')
        writers[ending](path, self.hits)
        return []

    def _repr_html_(self) -> str:
        from pir_mm.visualization.result_page import result_fragment

        return result_fragment(list(self._sections()))

    def _write_page(self, path: str | Path) -> list[str]:
        from pir_mm.visualization.result_page import result_page

        words = ', '.join(query_words(result.query) for result in self.results)
        write_text(path, result_page(words, list(self._sections())))
        left = len(self.hits) - MAX_CARDS
        return [f'{path}: the first {MAX_CARDS} results are shown'] if left > 0 else []

    def _sections(self) -> Iterator[object]:
        from pir_mm.visualization.result_page import Card, Section

        source, room = TileSource(), MAX_CARDS
        for result in self.results:
            hits = result.hits[:room]
            room -= len(hits)
            names = shortest_names([hit.tile.source for hit in hits])
            cards = [
                Card(
                    shown(source, hit.tile, 2 * SIDE),
                    hit.rank,
                    hit.score,
                    name,
                    hit.tile.source,
                    _known_of(hit),
                )
                for hit, name in zip(hits, names, strict=True)
            ]
            yield Section(query_words(result.query), cards, result.verdict, _picture(result.query))

    def _draw(self, path: str | Path) -> list[str]:
        from pir_mm.visualization.ranking_sheet import (
            RankingSheet,
            shown_shape,
        )  # no other search draws

        sheet, source = RankingSheet(), TileSource()
        for count, some in groupby(self.results, lambda result: len(result.hits)):
            results = list(some)
            rows, columns = shown_shape(len(results), count)
            drawn = {hit.id: hit.tile for result in results[:rows] for hit in result.hits[:columns]}
            names = shortest_names([tile.source for tile in drawn.values()])
            sheet.add(
                f'Best {columns} of {len(self.index)} tiles' if count else 'Nothing was found',
                [_drawn(result.query) for result in results],
                Ranking(
                    np.array([[hit.id for hit in r.hits] for r in results], np.int64),
                    np.array([[hit.score for hit in r.hits] for r in results], np.float64),
                ),
                {i: shown(source, tile, 2 * sheet.cell_px) for i, tile in drawn.items()},
                labels={
                    i: name if tile.is_whole else f'{name} {corner(tile)}'
                    for (i, tile), name in zip(drawn.items(), names, strict=True)
                },
            )
        sheet.save(path)
        return sheet.notes


def shown(source: TileSource, tile: Tile, side: int) -> np.ndarray:
    """The pixels of a tile, or a notice: one lost file must not cost the whole sheet."""
    from pir_mm.visualization.thumbnail import notice

    try:
        pixels = source.read(tile, side)
    except (OSError, ValueError) as error:
        kind = 'no longer there' if isinstance(error, FileNotFoundError) else 'cannot be shown'
        return np.asarray(notice(kind, side))
    return np.asarray(notice('no data', side)) if pixels is None else pixels


def corner(tile: Tile) -> str:
    """Column and row of the corner of a tile."""
    return f'({tile.window[0]}, {tile.window[1]})'


def centre(tile: Tile) -> str:
    """Where the middle of a tile's first polygon lies, in words; empty without a place."""
    if tile.footprint is None:
        return ''
    west, south, east, north = tile.footprint.boxes[0]
    longitude, latitude = (west + east) / 2, (south + north) / 2
    return (
        f'{abs(latitude):.4f}° {"S" if latitude < 0 else "N"}, '
        f'{abs(longitude):.4f}° {"W" if longitude < 0 else "E"}'
    )


def percent(percentile: float) -> str:
    """A percentile that is 100 only if nothing was better, and 0 only if nothing was worse."""
    inside = percentile if percentile in (0, 100) else min(max(percentile, 0.1), 99.9)
    return f'{inside:.1f}'


def _row(hit: Hit, known: bool, links: bool) -> str:
    name = _plain(hit.tile.source)
    if links:
        name = f'\033]8;;{PurePath(hit.tile.source).as_uri()}\033\\{name}\033]8;;\033\\'
    place = '' if hit.tile.is_whole else f' {corner(hit.tile)}'
    share = '-' if hit.percentile is None else percent(hit.percentile)
    more = f' and {hit.others} more of this place' if hit.others else ''
    return (
        f'{hit.rank:4d}  {hit.score:6.4f}  {f"{share:>10s}  " if known else ""}{name}{place}{more}'
    )


def _known_of(hit: Hit) -> list[str]:
    """What the page says of a result below its name."""
    lines = [] if hit.tile.is_whole else [f'window {", ".join(map(str, hit.tile.window))}']
    if hit.percentile is not None:
        lines.append(f'better than {percent(hit.percentile)} % of unrelated sentences')
    lines += [text for text in (centre(hit.tile), hit.tile.date) if text]
    return [*lines, f'{hit.others} more of this place'] if hit.others else lines


def _plain(text: str) -> str:
    """A text of one line, without what a terminal obeys."""
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)


def _drawn(query: Query) -> str | Path | np.ndarray:
    """What a sheet shows of a query."""
    if isinstance(query, JoinedQuery | EmbeddedQuery):
        return query.words
    if isinstance(query, str | Path):
        return query
    if isinstance(query, os.PathLike):
        return Path(query)
    return np.ascontiguousarray(pixels_of(query)[..., ::-1])


def _picture(query: Query) -> np.ndarray | None:
    """The pixels of a query that is one picture."""
    from pir_mm.visualization.thumbnail import thumbnail

    content = _drawn(query)
    return None if isinstance(content, str) else np.asarray(thumbnail(content, 2 * SIDE))
