"""Search results as a table, as GeoJSON and as a GeoPackage."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pir_mm.files.writing import write_json, write_text
from pir_mm.search.footprint_file import write_layer
from pir_mm.search.tiles import Tile

LAYER = 'hits'


@dataclass(frozen=True)
class Hit:
    """One result.

    Args:
        query: in words.
        rank: from 1.
        score: inner product with the query, or what a fusion model says.
        tile: what was found.
        id: of the tile in its index.
        percentile: in percent, how many unrelated sentences find nothing better in the index;
            ``None`` where that is not known.
        others: how many more tiles of this place were found behind it.
    """

    query: str
    rank: int
    score: float
    tile: Tile
    id: int
    percentile: float | None = None
    others: int = 0

    @property
    def properties(self) -> dict[str, Any]:
        return {
            'query': self.query,
            'rank': self.rank,
            'score': round(self.score, 6),
            'source': self.tile.source,
            'window': list(self.tile.window),
            'percentile': None if self.percentile is None else round(self.percentile, 1),
            'others': self.others,
            'date': self.tile.date,
        }


COLUMNS = ('query', 'rank', 'score', 'source', 'window', 'percentile', 'others', 'date')


def feature_collection(hits: Sequence[Hit]) -> dict[str, Any]:
    """A FeatureCollection of GeoJSON (RFC 7946), one feature per hit.

    Properties: ``query``, ``rank``, ``score``, ``source``, ``window`` (column, row, width, height),
    ``percentile``, ``others`` and ``date``, see :class:`Hit`. The geometry is the tile's footprint
    in WGS84, split at the antimeridian, or null where it has no place on Earth.
    """
    features = [
        {'type': 'Feature', 'geometry': _geometry(hit.tile), 'properties': hit.properties}
        for hit in hits
    ]
    return {'type': 'FeatureCollection', 'features': features}


def write_geojson(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write :func:`feature_collection`."""
    write_json(path, feature_collection(hits), indent=None)


def _geometry(tile: Tile) -> dict[str, Any] | None:
    return None if tile.footprint is None else tile.footprint.geometry


def write_csv(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write a table with the same columns as the properties of :func:`feature_collection`."""
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    rows.writerows(hit.properties for hit in hits)
    write_text(path, text.getvalue())


def write_gpkg(path: str | Path, hits: Sequence[Hit]) -> None:
    """Write a GeoPackage with layer ``hits`` in EPSG:4326, a MultiPolygon or nothing for each hit.

    The fields are the properties of :func:`feature_collection`, ``window`` as a JSON list.
    """
    rows = [{**hit.properties, 'window': json.dumps(hit.tile.window)} for hit in hits]
    kinds = {'rank': np.int64, 'score': np.float64, 'percentile': np.float64, 'others': np.int64}
    # None of a float field is NaN, which the file holds as null.
    fields = {name: _field([row[name] for row in rows], kinds.get(name)) for name in COLUMNS}
    write_layer(path, LAYER, [([hit.tile for hit in hits], fields)])


def _field(values: list[Any], kind: type | None) -> np.ndarray:
    field = np.empty(len(values), dtype=kind or object)
    field[:] = values
    return field
