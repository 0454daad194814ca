"""Search results as GeoJSON and as a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pir_mm.files.writing import write_json, write_text
from pir_mm.search.tiles import Tile


@dataclass(frozen=True)
class Hit:
    """One result: the query in words, the rank from 1, the score, and the tile."""

    query: str
    rank: int
    score: float
    tile: Tile

    @property
    def properties(self) -> dict[str, object]:
        return {
            'query': self.query,
            'rank': self.rank,
            'score': round(self.score, 6),
            'source': self.tile.source,
            'window': list(self.tile.window),
        }


def write_geojson(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write a FeatureCollection (RFC 7946), one feature per hit.

    Properties: ``query``, ``rank``, ``score``, ``source``, ``window`` (column, row, width, height).
    The geometry is null, as the tiles have no place on Earth.
    """
    features = [{'type': 'Feature', 'geometry': None, 'properties': hit.properties} for hit in hits]
    write_json(path, {'type': 'FeatureCollection', 'features': features}, indent=None)


def write_csv(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write a table with the same columns as the properties of :func:`write_geojson`."""
    text = io.StringIO()
    rows = csv.DictWriter(text, ['query', 'rank', 'score', 'source', 'window'])
    rows.writeheader()
    rows.writerows(hit.properties for hit in hits)
    write_text(path, text.getvalue())
