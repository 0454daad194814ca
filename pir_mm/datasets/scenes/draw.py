"""From a scene class, a seed and an index to a picture and what it shows."""

from dataclasses import replace

import numpy as np

from pir_mm.datasets.scenes.canvas import FRAME, Canvas
from pir_mm.datasets.scenes.plans import countryside, town, transport
from pir_mm.datasets.scenes.random_stream import RandomStream
from pir_mm.datasets.scenes.scene import NOUNS, Group, Scene

SCENE_CLASSES = {
    'airport': transport.airport,
    'beach': countryside.beach,
    'bridge': transport.bridge,
    'denseresidential': town.dense_residential,
    'desert': countryside.desert,
    'farmland': countryside.farmland,
    'forest': countryside.forest,
    'golfcourse': countryside.golf_course,
    'parking': transport.parking,
    'port': transport.port,
    'railwaystation': transport.railway_station,
    'roundabout': transport.roundabout,
    'sparseresidential': town.sparse_residential,
    'stadium': town.stadium,
    'storagetanks': town.storage_tanks,
    'windfarm': countryside.wind_farm,
}


def draw_scene(name: str, seed: int, index: int, size: int = 128) -> tuple[np.ndarray, Scene]:
    """Draw one picture. It is the same on every machine and in any order of drawing.

    Args:
        name: a key of ``SCENE_CLASSES``.
        seed: seed of the data set.
        index: number of the picture in the data set.
        size: side of the picture in pixels.

    Returns:
        ``(size, size, 3)`` uint8 BGR, and the groups of things that it shows.
    """
    canvas = Canvas(RandomStream(seed, index), size)
    scene = lay_out(name, canvas)
    return canvas.picture(), scene


def lay_out(name: str, canvas: Canvas) -> Scene:
    """Draw a scene of the class ``name`` on a canvas; return what it shows."""
    groups = [group for group in SCENE_CLASSES[name](canvas) if group.boxes]
    seen = [replace(group, relation=canvas.side_in_picture(group.relation)) for group in groups]
    return Scene(name, [_with_location(group) for group in seen])


def _with_location(group: Group) -> Group:
    """Say where a single thing lies if it is clearly in a corner, at a side or in the middle."""
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
