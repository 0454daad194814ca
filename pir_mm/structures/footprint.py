"""Where on Earth a tile lies, as a value."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

Ring = tuple[tuple[float, float], ...]

_HEAD = struct.Struct('<BI')
_COUNT = struct.Struct('<I')
POLYGON, MULTI_POLYGON = 3, 6


@dataclass(frozen=True)
class Footprint:
    """Polygons without holes in longitude and latitude of WGS84.

    What crosses the antimeridian is several polygons, none of which crosses it (RFC 7946, 3.1.9).

    Args:
        rings: the outline of each polygon, points of (longitude, latitude) in degrees,
            counterclockwise, the first point again at the end.

    Raises:
        ValueError: if there is no ring, a ring is open or has fewer than four points, or a point is
            not on Earth.
    """

    rings: tuple[Ring, ...]

    def __post_init__(self) -> None:
        if not self.rings:
            raise ValueError('a footprint needs at least one ring')
        for ring in self.rings:
            if len(ring) < 4 or ring[0] != ring[-1]:
                raise ValueError(
                    f'a ring needs four points, the first again at the end, got {ring}'
                )
            for longitude, latitude in ring:
                if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
                    raise ValueError(
                        f'({longitude}, {latitude}) is not on Earth: longitude is -180 to 180, '
                        'latitude -90 to 90'
                    )

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """West, south, east and north of each polygon."""
        boxes = []
        for ring in self.rings:
            longitudes, latitudes = zip(*ring, strict=True)
            boxes.append((min(longitudes), min(latitudes), max(longitudes), max(latitudes)))
        return boxes

    @property
    def geometry(self) -> dict[str, Any]:
        """A Polygon or MultiPolygon of GeoJSON."""
        polygons = [[[list(point) for point in ring]] for ring in self.rings]
        if len(polygons) == 1:
            return {'type': 'Polygon', 'coordinates': polygons[0]}
        return {'type': 'MultiPolygon', 'coordinates': polygons}

    def to_wkb(self) -> bytes:
        """A MultiPolygon in well-known binary, little endian, as databases of places keep it."""
        parts = [_HEAD.pack(1, MULTI_POLYGON), _COUNT.pack(len(self.rings))]
        for ring in self.rings:
            flat = [number for point in ring for number in point]
            parts += [_HEAD.pack(1, POLYGON), _COUNT.pack(1), _COUNT.pack(len(ring))]
            parts.append(struct.pack(f'<{len(flat)}d', *flat))
        return b''.join(parts)

    @classmethod
    def from_wkb(cls, wkb: bytes) -> Footprint:
        """The way back from :meth:`to_wkb`.

        Raises:
            ValueError: for bytes that it has not written.
        """
        try:
            return cls(tuple(_rings(wkb)))
        except struct.error:
            raise ValueError(f'{len(wkb)} bytes are not a footprint') from None


def _rings(wkb: bytes) -> list[Ring]:
    if _HEAD.unpack_from(wkb) != (1, MULTI_POLYGON):
        raise ValueError(f'a footprint is a MultiPolygon, got {wkb[:5].hex()}')
    (polygons,) = _COUNT.unpack_from(wkb, _HEAD.size)
    place, rings = _HEAD.size + _COUNT.size, []
    for _ in range(polygons):
        place += _HEAD.size + _COUNT.size
        (points,) = _COUNT.unpack_from(wkb, place)
        place += _COUNT.size
        flat = struct.unpack_from(f'<{2 * points}d', wkb, place)
        place += 16 * points
        rings.append(tuple(zip(flat[::2], flat[1::2], strict=True)))
    return rings
