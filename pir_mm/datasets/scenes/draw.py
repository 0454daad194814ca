"""From (class, seed, index) to a picture and what it shows."""

from dataclasses import replace

import numpy as np

from pir_mm.datasets.scenes import kinds
from pir_mm.datasets.scenes.canvas import FRAME, Canvas
from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.lexicon import NOUNS
from pir_mm.datasets.scenes.scene import Group, Scene

KINDS = {
    'airport': kinds.airport,
    'beach': kinds.beach,
    'bridge': kinds.bridge,
    'denseresidential': kinds.dense_residential,
    'desert': kinds.desert,
    'farmland': kinds.farmland,
    'forest': kinds.forest,
    'golfcourse': kinds.golf_course,
    'parking': kinds.parking,
    'port': kinds.port,
    'railwaystation': kinds.railway_station,
    'roundabout': kinds.roundabout,
    'sparseresidential': kinds.sparse_residential,
    'stadium': kinds.stadium,
    'storagetanks': kinds.storage_tanks,
    'windfarm': kinds.wind_farm,
}


def draw_scene(name: str, seed: int, index: int, size: int = 128) -> tuple[np.ndarray, Scene]:
    """One picture, the same wherever and in whatever order it is drawn.

    Args:
        name: a key of ``KINDS``.
        seed: of the collection.
        index: of the picture within it.
        size: side in pixels.

    Returns:
        ``(size, size, 3)`` uint8 BGR, and the groups of things that it shows.
    """
    canvas = Canvas(Dice(seed, index), size)
    scene = lay_out(name, canvas)
    return canvas.picture(), scene


def lay_out(name: str, canvas: Canvas) -> Scene:
    """Draw a scene of the class ``name`` on a canvas and say what it shows."""
    groups = [group for group in KINDS[name](canvas) if group.boxes]
    told = [replace(group, relation=canvas.side(group.relation)) for group in groups]
    return Scene(name, [_located(group) for group in told])


def _located(group: Group) -> Group:
    """A single thing that lies clearly in a corner, at a side or in the middle is said to."""
    if group.relation or group.count > 1 or NOUNS[group.noun].area:
        return group
    left, top, right, bottom = group.boxes[0]
    x, y = (left + right) // 2 - FRAME // 2, (top + bottom) // 2 - FRAME // 2
    across, down = 'left' if x < 0 else 'right', 'top' if y < 0 else 'bottom'
    if abs(x) < 120 and abs(y) < 120:
        return replace(group, relation='middle')
    if abs(x) > 190 and abs(y) > 190:
        return replace(group, relation=f'{down} {across}')
    if min(abs(x), abs(y)) < 130 and max(abs(x), abs(y)) > 230:
        return replace(group, relation=across if abs(x) > abs(y) else down)
    return group
