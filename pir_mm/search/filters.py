"""Which tiles of an index a search may find: by place, day, and what is known of their files."""

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.tile_table import BOXES, TileTable
from pir_mm.search.where_clause import DATE_COLUMNS, Condition, parse_where, span

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MAX_POLYGON_BYTES = 50_000_000
"""Of a file of polygons."""
GEOGRAPHIC = ('EPSG:4326', 'EPSG::4326', 'CRS84')
"""How an older GeoJSON file may name the CRS that all of them have today."""


@dataclass(frozen=True)
class TileFilter:
    """What a tile must meet, all of it. It is applied before ranking, so ``k`` results stay ``k``.

    A tile lies in a place if it shares a point with it. A tile without a place on Earth lies in
    none, and a file without a date was taken on no day.

    Args:
        bbox: west, south, east and north in degrees of WGS84; west above east crosses the
            antimeridian.
        polygon: GeoJSON file of polygons in WGS84; with ``bbox`` a tile must lie in both.
        since: first day, month or year, such as ``'2020-06'``.
        until: last day, month or year, with all of it.
        where: condition on columns, see :func:`pir_mm.search.where_clause.parse_where`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if one of these cannot be understood.
    """

    bbox: tuple[float, float, float, float] | None = None
    polygon: str | Path | None = None
    since: str | None = None
    until: str | None = None
    where: str | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None:
            if span(self.since)[0] >= span(self.until)[1]:
                raise ValueError(f'since {self.since} lies behind until {self.until}')
        _ = self._condition, self._places  # a mistake is told before an index is opened

    @property
    def is_empty(self) -> bool:
        """Whether every tile meets it."""
        return not self._places and not self._condition.sql

    def ids(
        self, table: TileTable, absolute: Callable[[str], str] = os.path.abspath
    ) -> NDArray[np.int64] | None:
        """Ids ``(n,)`` of the tiles that meet it, increasing; ``None`` for all.

        Args:
            table: of the index.
            absolute: the path of a file from that which the table keeps.

        Raises:
            ValueError: if it asks for what an index of an older pir_mm does not know.
        """
        if self.is_empty:
            return None
        condition = self._condition
        if not table.has_dates and condition.columns & {*DATE_COLUMNS}:
            raise ValueError(
                f'{table.path.parent} was made by an older pir_mm, which kept no dates and no size '
                'of pixels: run tools/index.py on it once more, which embeds nothing anew'
            )
        found = [ids_in_place(table, place) for place in self._places]
        if condition.sql:
            functions = _path_functions(absolute)
            found.append(table.ids_where(condition.sql, condition.values, functions))
        ids = found[0]
        for other in found[1:]:
            ids = np.intersect1d(ids, other, assume_unique=True)
        return ids

    @cached_property
    def _condition(self) -> Condition:
        parts = [] if self.where is None else [parse_where(self.where)]
        if self.since is not None:
            parts.append(Condition('s.date >= ?', span(self.since)[:1], frozenset({'date'})))
        if self.until is not None:
            parts.append(Condition('s.date < ?', span(self.until)[1:], frozenset({'date'})))
        columns = frozenset().union(*(part.columns for part in parts))
        values = tuple(value for part in parts for value in part.values)
        return Condition(' AND '.join(part.sql for part in parts), values, columns)

    @cached_property
    def _places(self) -> list['BaseGeometry']:
        places = [] if self.bbox is None else [box_place(self.bbox)]
        return places if self.polygon is None else [*places, read_place(self.polygon)]


def box_place(bbox: Sequence[float]) -> 'BaseGeometry':
    """The place of a box of west, south, east and north; two boxes across the antimeridian.

    Raises:
        ValueError: if it is no box on Earth.
    """
    from shapely import MultiPolygon, box

    try:
        west, south, east, north = map(float, bbox)
    except (TypeError, ValueError):
        raise ValueError(
            f'a box is west,south,east,north in degrees, such as 5.9,45.8,10.5,47.8, got {bbox!r}'
        ) from None
    on_earth = all(map(math.isfinite, (west, south, east, north)))
    on_earth = on_earth and max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90
    if not on_earth or south > north:
        raise ValueError(
            f'the box {west:g},{south:g},{east:g},{north:g} is not on Earth: west,south,east,north '
            'are -180 to 180 and -90 to 90, south not above north'
        )
    if west <= east:
        return box(west, south, east, north)
    return MultiPolygon([box(west, south, 180, north), box(-180, south, east, north)])


def read_place(path: str | Path) -> 'BaseGeometry':
    """All polygons of a GeoJSON file as one place, split at the antimeridian.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no GeoJSON, has no polygon, or is not in longitude and latitude.
    """
    import shapely

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'the polygon file {path} does not exist')
    if path.stat().st_size > MAX_POLYGON_BYTES:
        raise ValueError(f'{path} has more than {MAX_POLYGON_BYTES} bytes: simplify its polygons')
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
        named = str(((content.get('crs') or {}).get('properties') or {}).get('name', GEOGRAPHIC[0]))
        shapes = [shapely.geometry.shape(geometry) for geometry in _geometries(content)]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError,
            shapely.errors.ShapelyError) as error:  # fmt: skip
        raise ValueError(f'{path} is no GeoJSON file of polygons: {error}') from None
    if not named.endswith(GEOGRAPHIC):
        raise ValueError(
            f'{path} is in {named}, and GeoJSON is in longitude and latitude: write it anew '
            '(ogr2ogr -t_srs EPSG:4326)'
        )
    parts = shapely.get_parts(np.array(shapes, dtype=object))
    parts = parts[shapely.get_type_id(parts) == 3]
    if len(parts) == 0:
        raise ValueError(f'{path} has no polygon')
    west, south, east, north = shapely.total_bounds(parts)
    if not (-540 <= west <= east <= 540 and -90 <= south <= north <= 90):
        raise ValueError(
            f'{path} is not in degrees of longitude and latitude: it reaches from '
            f'{west:g}, {south:g} to {east:g}, {north:g}'
        )
    return _on_earth(shapely.union_all(shapely.make_valid(parts)))


def _geometries(content: dict[str, Any]) -> list[dict[str, Any]]:
    kind = content['type']
    if kind == 'FeatureCollection':
        return [part for feature in content['features'] for part in _geometries(feature)]
    if kind == 'Feature':
        return [] if content['geometry'] is None else _geometries(content['geometry'])
    if kind == 'GeometryCollection':
        return [part for member in content['geometries'] for part in _geometries(member)]
    return [content]


def _on_earth(place: 'BaseGeometry') -> 'BaseGeometry':
    """What lies beyond 180 degrees, as some programs draw across the antimeridian, moved back."""
    import shapely

    west, _, east, _ = place.bounds
    if -180 <= west and east <= 180:
        return place
    turns = [
        shapely.transform(
            place.intersection(shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)),
            lambda points, turn=turn: points - [360 * turn, 0],
        )
        for turn in (-1, 0, 1)
    ]
    return shapely.union_all(turns)


def ids_in_place(table: TileTable, place: 'BaseGeometry') -> NDArray[np.int64]:
    """Ids ``(n,)``, increasing, of tiles whose footprint shares a point with a place in WGS84.

    The R*Tree gives those whose boxes do; of these the footprint decides, unless the place holds
    the whole box.
    """
    import shapely

    numbers, boxes = [], []
    for part in shapely.get_parts(place):
        west, south, east, north = part.bounds
        rows = table.places_near(west, south, east, north)
        numbers.append(rows[:, 0].astype(np.int64) // BOXES)
        boxes.append(rows[:, 1:])
    ids, box = np.concatenate(numbers), np.concatenate(boxes)
    shapely.prepare(place)
    inside = shapely.contains(place, shapely.box(*box.T))
    sure = np.unique(ids[inside])
    open_ids = np.setdiff1d(ids, sure)
    footprints = shapely.from_wkb(np.array(table.footprints(open_ids.tolist()), dtype=object))
    return np.union1d(sure, open_ids[shapely.intersects(place, footprints)])


def _path_functions(absolute: Callable[[str], str]) -> dict[str, Callable[[str], str]]:
    """What SQL calls the parts of a path; files of one folder share the work."""

    @lru_cache(maxsize=4096)
    def folder(kept: str) -> str:
        return os.path.dirname(absolute(f'{kept}x'))

    def parts(path: str) -> tuple[str, str]:
        name = path.rpartition('/')[2]
        return folder(path.removesuffix(name)), name

    return {
        'absolute_path': lambda path: os.path.join(*parts(path)),
        'file_name': lambda path: parts(path)[1],
        'folder_name': lambda path: os.path.basename(parts(path)[0]),
    }
