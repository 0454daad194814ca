"""What pictures show, without the time that drawing them takes."""

from functools import cache

import pytest

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.draw import lay_out
from pir_mm.datasets.scenes.random_stream import RandomStream


class BlindCanvas(Canvas):
    """Places things as a canvas does and paints nothing."""

    def __init__(self, rng):
        super().__init__(rng, 8)

    def paint(self, points, colour, grain=0, strength=256):
        pass

    def paint_all(self, outlines, colours):
        pass

    def _fill(self, outlines, colour, grain, strength):
        pass

    def mottle(self, colour, level, strength=140):
        pass

    def stripes(self, points, colour, width, degree, strength=90):
        pass


@pytest.fixture(scope='session')
def scene_of():
    """``scene_of(name, seed, index)``: what that picture shows."""

    @cache
    def look(name, seed, index):
        return lay_out(name, BlindCanvas(RandomStream(seed, index)))

    return look
