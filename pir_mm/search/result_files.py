"""Search results as GeoJSON and as a table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    The geometry is the tile's footprint in WGS84, split at the antimeridian, or null where it has
    no place on Earth.
    """
    features = [
        {'type': 'Feature', 'geometry': _geometry(hit.tile), 'properties': hit.properties}
        for hit in hits
    ]
    write_json(path, {'type': 'FeatureCollection', 'features': features}, indent=None)


def _geometry(tile: Tile) -> dict[str, Any] | None:
    return None if tile.footprint is None else tile.footprint.geometry


def write_csv(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write a table with the same columns as the properties of :func:`write_geojson`."""
    text = io.StringIO()
    rows = csv.DictWriter(text, ['query', 'rank', 'score', 'source', 'window'])
    rows.writeheader()
    rows.writerows(hit.properties for hit in hits)
    write_text(path, text.getvalue())
