"""Where on Earth the pixels of a raster lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.tiling import Window
from pir_mm.structures.footprint import Footprint, Ring

Affine = tuple[float, float, float, float, float, float]
EDGE_PARTS = 16
"""Into how many parts the edge of a tile is cut at most, to follow its bend in WGS84."""
BEND = 1e-3
"""How far an edge may bend between two points of a footprint, as a part of its length."""
DECIMALS = 9
"""Of degrees: a tenth of a millimetre."""


@dataclass(frozen=True)
class Georeference:
    """The map from pixels to a coordinate reference system and to WGS84.

    A pixel's corner has whole numbers for its column and row.

    Args:
        crs: as ``EPSG:`` and a number, or as WKT.
        transform: affine, ``x = a column + b row + c`` and ``y = d column + e row + f``, as
            ``(a, b, c, d, e, f)``; or ``None`` with
        control_points: ``(column, row, x, y)``, between which a thin-plate spline leads.

    Raises:
        ValueError: if the CRS is unknown, or the map is not one to one.
    """

    crs: str
    transform: Affine | None = None
    control_points: tuple[tuple[float, float, float, float], ...] = ()

    def __post_init__(self) -> None:
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        try:
            CRS.from_user_input(self.crs)
        except CRSError as error:
            raise ValueError(f'its coordinate reference system is unknown: {error}') from None
        if self.transform is not None:
            a, b, _, d, e, _ = self.transform
            if not np.isfinite(self.transform).all() or a * e == b * d:
                raise ValueError(f'its affine map is not one to one: {self.transform}')

    def to_crs(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns and rows ``(..., 2)`` to coordinates ``(..., 2)`` of the CRS."""
        column, row = pixels[..., 0], pixels[..., 1]
        if self.transform is not None:
            a, b, c, d, e, f = self.transform
            return np.stack([a * column + b * row + c, d * column + e * row + f], axis=-1)
        x, y = self._spline.xy(row.ravel().tolist(), column.ravel().tolist(), offset='ul')
        return np.stack([x, y], axis=-1).reshape(pixels.shape)

    def tile_transform(self, window: Window) -> Affine:
        """The affine map from the pixels of a window; of control points the best fit."""
        column, row, width, height = window
        if self.transform is not None:
            return shifted(self.transform, column, row)
        corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], dtype=float)
        there = self.to_crs(corners + (column, row))
        system = np.column_stack([corners, np.ones(4)])
        fit, *_ = np.linalg.lstsq(system, there, rcond=None)
        return tuple(fit.T.ravel().tolist())

    def outline(self, window: Window) -> list[tuple[float, float]]:
        """The corners of a window in the CRS, the first again at the end."""
        column, row, width, height = window
        corners = np.array([(0, 0), (0, height), (width, height), (width, 0), (0, 0)], dtype=float)
        return list(map(tuple, self.to_crs(corners + (column, row)).tolist()))

    def footprint(self, window: Window) -> Footprint | None:
        """Where a window lies in WGS84; ``None`` if a corner of it is not on Earth."""
        parts = 1
        while True:
            edge = self.to_wgs84(self.to_crs(_edge_pixels(window, parts)))
            if not np.isfinite(edge).all():
                return None
            if parts >= EDGE_PARTS or self._is_straight(window, edge, parts):
                return Footprint(split_at_antimeridian(edge))
            parts *= 2

    def ground_size(self, width: int, height: int) -> tuple[float, float] | None:
        """Metres on the ground of a pixel's width and height, in the middle of the raster.

        ``None`` if the middle is not on Earth.
        """
        middle = np.array([width / 2, height / 2])
        step = np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]])
        places = self.to_wgs84(self.to_crs(middle + step))
        if not np.isfinite(places).all():
            return None
        _, _, metres = _geod().inv(*places[::2].T, *places[1::2].T)
        return (float(metres[0]), float(metres[1])) if min(metres) > 0 else None

    def to_wgs84(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates ``(..., 2)`` of the CRS to longitude and latitude; ``inf`` off Earth."""
        longitude, latitude = self._transformer.transform(places[..., 0], places[..., 1])
        found = np.stack([longitude, latitude], axis=-1)
        found[np.abs(found[..., 1]) > 90] = np.inf
        return found

    def from_wgs84(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitude and latitude ``(..., 2)`` to columns and rows; ``inf`` where there is none."""
        x, y = self._transformer.transform(places[..., 0], places[..., 1], direction='INVERSE')
        if self.transform is None:
            row, column = self._spline.rowcol(np.ravel(x), np.ravel(y), op=lambda pixels: pixels)
            return np.stack([column, row], axis=-1).astype(float).reshape(places.shape)
        a, b, c, d, e, f = self.transform
        across, down = np.asarray(x) - c, np.asarray(y) - f
        found = np.stack([e * across - b * down, a * down - d * across], axis=-1)
        return found / (a * e - b * d)

    def _is_straight(self, window: Window, edge: NDArray[np.float64], parts: int) -> bool:
        """Whether the middles between the points of an edge lie where straight lines have them."""
        finer = self.to_wgs84(self.to_crs(_edge_pixels(window, 2 * parts)))
        middles = finer[1::2]
        if not np.isfinite(middles).all():
            return True
        chords = np.diff(edge, axis=0, append=edge[:1])
        chords[:, 0] = _wrapped(chords[:, 0])
        bends = middles - (edge + chords / 2)
        bends[:, 0] = _wrapped(bends[:, 0])
        lengths = np.linalg.norm(chords, axis=1).max()
        return bool((np.linalg.norm(bends, axis=1) <= BEND * lengths).all())

    @cached_property
    def _transformer(self) -> Any:
        from pyproj import Transformer

        return Transformer.from_crs(self.crs, 'EPSG:4326', always_xy=True)

    @cached_property
    def _spline(self) -> Any:
        from rasterio.control import GroundControlPoint
        from rasterio.transform import GCPTransformer

        points = [
            GroundControlPoint(row=row, col=column, x=x, y=y)
            for column, row, x, y in self.control_points
        ]
        return GCPTransformer(points, tps=True)


def shifted(transform: Affine, column: int, row: int) -> Affine:
    """The affine map of a window that begins at a column and row, from that of the whole."""
    a, b, c, d, e, f = transform
    return a, b, a * column + b * row + c, d, e, d * column + e * row + f


def split_at_antimeridian(edge: NDArray[np.float64]) -> tuple[Ring, ...]:
    """Rings of a footprint from an outline ``(n, 2)`` in longitude and latitude.

    Two points that follow each other are less than half of Earth apart. An outline around a pole
    holds the pole.
    """
    edge = edge.copy()
    edge[1:, 0] = edge[0, 0] + np.cumsum(_wrapped(np.diff(edge[:, 0])))
    edge = edge.round(DECIMALS)
    turns = round((edge[-1, 0] + _wrapped(edge[0, 0] - edge[-1, 0]) - edge[0, 0]) / 360)
    if turns:
        pole = 90.0 if edge[:, 1].mean() > 0 else -90.0
        around = edge[0] + [360.0 * turns, 0]
        edge = np.vstack([edge, around, [around[0], pole], [edge[0, 0], pole]])
    elif -180 <= edge[:, 0].min() and edge[:, 0].max() <= 180:
        return (_ring(edge.tolist()),)
    return tuple(_pieces(edge))


def _pieces(edge: NDArray[np.float64]) -> list[Ring]:
    from shapely import Polygon, affinity, box, make_valid

    whole = make_valid(Polygon(edge.tolist()))
    first = int(np.floor((edge[:, 0].min() + 180) / 360))
    last = int(np.floor((edge[:, 0].max() + 180) / 360))
    rings = []
    for turn in range(first, last + 1):
        part = whole.intersection(box(360 * turn - 180, -90, 360 * turn + 180, 90))
        part = affinity.translate(part, -360 * turn)
        for polygon in getattr(part, 'geoms', [part]):
            if polygon.geom_type == 'Polygon' and polygon.area > 0:
                rings.append(_ring(list(polygon.exterior.coords)[:-1]))
    return rings


def _ring(points: Sequence[Sequence[float]]) -> Ring:
    """A closed ring, counterclockwise."""
    ring = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in points]
    ring.append(ring[0])
    twice_area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))
    return tuple(ring if twice_area >= 0 else ring[::-1])


def _edge_pixels(window: Window, parts: int) -> NDArray[np.float64]:
    """Points ``(4 parts, 2)`` along the edge of a window, down its left side first."""
    column, row, width, height = window
    share = np.arange(parts) / parts
    zero, one = np.zeros(parts), np.ones(parts)
    across = np.concatenate([zero, share, one, 1 - share])
    down = np.concatenate([share, one, 1 - share, zero])
    return np.stack([column + across * width, row + down * height], axis=-1)


def _wrapped(degrees: Any) -> Any:
    """Differences of longitude as -180 to 180."""
    return (degrees + 180) % 360 - 180


def _geod() -> Any:
    from pyproj import Geod

    return Geod(ellps='WGS84')
