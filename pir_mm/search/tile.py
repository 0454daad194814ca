"""A picture, or a part of one, that has a vector in an index."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """Where the pixels behind one vector come from.

    Args:
        source: path of the picture.
        window: ``(column, row, width, height)`` in pixels of the picture, from its top left corner.
        crs: the picture's own coordinate reference system; ``None`` where it has no place on Earth.
        transform: the six numbers of the affine map from pixels to ``crs``, by rows, or ``None``.

    Raises:
        ValueError: if the window is empty or begins outside the picture, or if only one of ``crs``
            and ``transform`` is given.
    """

    source: str
    window: tuple[int, int, int, int]
    crs: str | None = None
    transform: tuple[float, float, float, float, float, float] | None = None

    def __post_init__(self) -> None:
        column, row, width, height = self.window
        if column < 0 or row < 0 or width < 1 or height < 1:
            raise ValueError(
                f'{self.source}: window {self.window} must be (column, row, width, height) with '
                'column and row at least 0, width and height at least 1'
            )
        if (self.crs is None) != (self.transform is None):
            raise ValueError(f'{self.source}: crs and transform come together, or neither')
