"""Values of the cells of a grid, laid over the picture that the grid divides."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

COLOURS = 'cividis'  # reads the same with any colour vision, and in grey


def lay_over(axes: Axes, picture: np.ndarray, values: np.ndarray, norm: Normalize) -> None:
    """Draw a picture in light grey and the colours of a grid over the whole of it.

    Args:
        axes: to draw on.
        picture: ``(H, W, 3)`` uint8 RGB.
        values: ``(rows, columns)``, rows from the top.
        norm: from values to colours.
    """
    height, width = picture.shape[:2]
    grey = picture @ np.array([0.299, 0.587, 0.114])
    axes.imshow(0.75 * grey + 64, cmap='gray', vmin=0, vmax=255)  # light, so that colours show
    colours = {'cmap': COLOURS, 'norm': norm, 'alpha': 0.55}
    axes.imshow(values, extent=(0, width, height, 0), interpolation='nearest', **colours)
