"""Results that show one place: the best is kept, the others are counted."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pir_mm.search.tiles import Tile

SHARED = 0.25
"""Of the smaller of two tiles, from which on they show one place."""
APART = 1e7
"""Between pictures without a place, drawn side by side; more pixels than any has."""


def merge_places(tiles: Sequence[Tile]) -> list[tuple[int, int]]:
    """Keep the best of each place.

    From the first to the last, a tile is left out if it shows the place of one that is kept: if
    they share at least :data:`SHARED` of the smaller one, be they of one raster or of two that lie
    over each other. Tiles without a place on Earth are compared within their file. Neighbours
    that only touch stay two.

    Args:
        tiles: best first.

    Returns:
        For each that is kept, in order: its number in ``tiles``, and how many were left out
        because of it. One that shows the place of several counts for the best of these.
    """
    near = _same_place(tiles)
    kept: dict[int, int] = {}
    for number in range(len(tiles)):
        best = next((other for other in near[number] if other in kept), None)
        if best is None:
            kept[number] = 0
        else:
            kept[best] += 1
    return list(kept.items())


def _same_place(tiles: Sequence[Tile]) -> list[list[int]]:
    """For each tile the earlier ones that show its place, the best first."""
    near: list[list[int]] = [[] for _ in tiles]
    sources = Counter(tile.source for tile in tiles)
    placed = sum(tile.footprint is not None for tile in tiles)
    if placed < 2 and len(sources) == len(tiles):
        return near
    import shapely  # whole pictures without a place need none of it

    column = {source: number for number, source in enumerate(sources, start=1)}
    shapes = np.empty(len(tiles), dtype=object)
    for number, tile in enumerate(tiles):
        if tile.footprint is None:
            x, y, width, height = tile.window
            left = x + APART * column[tile.source]
            shapes[number] = shapely.box(left, y, left + width, y + height)
        else:
            shapes[number] = shapely.make_valid(shapely.from_wkb(tile.footprint.to_wkb()))
    first, second = shapely.STRtree(shapes).query(shapes, predicate='intersects')
    first, second = first[second < first], second[second < first]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    same = (shared >= SHARED * smaller) & (shared > 0)
    for later, earlier in sorted(zip(first[same].tolist(), second[same].tolist(), strict=True)):
        near[later].append(earlier)
    return near
