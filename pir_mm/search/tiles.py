"""What one vector of an index shows."""

from dataclasses import dataclass

from pir_mm.files.rasters import Look
from pir_mm.search.georeference import Affine
from pir_mm.search.tiling import Window
from pir_mm.structures.footprint import Footprint


@dataclass(frozen=True)
class Tile:
    """Where the pixels behind one vector come from.

    Args:
        source: path of the picture or raster.
        window: ``(column, row, width, height)`` in its pixels, from its top left corner.
        crs: its own coordinate reference system; ``None`` where it has no place on Earth.
        transform: the six numbers of the affine map from the pixels of this tile to ``crs``, by
            rows, or ``None``.
        footprint: where the tile lies in WGS84, or ``None``.
        look: how samples of a raster become colours; ``None`` for pictures.
        is_whole: whether it is all of its source.
        date: day on which the source was taken, as ``YYYY-MM-DD``, or ``None``.

    Raises:
        ValueError: if the window is empty or begins outside the picture, or if only one of ``crs``
            and ``transform`` is given.
    """

    source: str
    window: Window
    crs: str | None = None
    transform: Affine | None = None
    footprint: Footprint | None = None
    look: Look | None = None
    is_whole: bool = True
    date: str | None = None

    def __post_init__(self) -> None:
        column, row, width, height = self.window
        if column < 0 or row < 0 or width < 1 or height < 1:
            raise ValueError(
                f'{self.source}: window {self.window} must be (column, row, width, height) with '
                'column and row at least 0, width and height at least 1'
            )
        if (self.crs is None) != (self.transform is None):
            raise ValueError(f'{self.source}: crs and transform come together, or neither')
