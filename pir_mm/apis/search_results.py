"""What a search found, as a table, a sheet, or a file for other programs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pir_mm.registry import VISUALIZERS
from pir_mm.search import EmbeddingIndex, Hit, write_csv, write_geojson
from pir_mm.structures.ranking import Ranking

Query = str | Path | np.ndarray


def list_hits(index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking) -> list[Hit]:
    """The results of a ranking as a flat list, query by query, best first."""
    tiles = iter(index.tiles(ranking.ids.reshape(-1).tolist()))
    return [
        Hit('an array' if isinstance(query, np.ndarray) else str(query), rank, float(score), tile)
        for query, scores in zip(queries, ranking.scores, strict=True)
        for rank, (score, tile) in enumerate(zip(scores, tiles, strict=False), start=1)
    ]


def format_hits(hits: Sequence[Hit]) -> str:
    """A small table per query: rank, score, file."""
    lines = []
    for hit in hits:
        if hit.rank == 1:
            lines += ['', hit.query, 'rank   score  file']
        lines.append(f'{hit.rank:4d}  {hit.score:6.4f}  {hit.tile.source}')
    return '\n'.join(lines[1:])


def draw_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> None:
    """Write a sheet, a row per query, as PNG."""
    ids = np.unique(ranking.ids).tolist()
    gallery = {i: Path(tile.source) for i, tile in zip(ids, index.tiles(ids), strict=True)}
    sheet = VISUALIZERS.build({'type': 'pir_mm.RankingSheet'})
    heading = f'Best {ranking.ids.shape[1]} of {len(index)} pictures'
    sheet.add(heading, queries, ranking, gallery)
    sheet.save(path)


def write_results(
    path: str | Path, index: EmbeddingIndex, queries: Sequence[Query], ranking: Ranking
) -> None:
    """Write what the ending of ``path`` says: .png a sheet, .csv a table, .geojson features.

    Raises:
        ValueError: if the ending is another.
    """
    ending = Path(path).suffix.lower()
    if ending == '.png':
        draw_results(path, index, queries, ranking)
    elif ending == '.csv':
        write_csv(path, list_hits(index, queries, ranking))
    elif ending == '.geojson':
        write_geojson(path, list_hits(index, queries, ranking))
    else:
        raise ValueError(f'{path} must end in .png, .csv or .geojson')
