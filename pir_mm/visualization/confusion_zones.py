"""Where on a map of points something happens to most of them."""

import numpy as np

GRID = 240
PRIOR = 1.5  # points without effect that every place has: zones end where there are no points


def smooth_share(
    points: np.ndarray, share: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of a value over the points around each place of a grid, falling to 0 far from any.

    Args:
        points: ``(N, 2)``.
        share: ``(N,)`` value of each point.
        reach: standard deviation of the Gaussian that weighs points.

    Returns:
        ``x`` and ``y`` (240,) of a grid with a margin, and the mean ``(240, 240)``, row by row.
    """
    low, high = points.min(axis=0) - 4 * reach, points.max(axis=0) + 4 * reach
    x, y = (np.linspace(low[axis], high[axis], GRID) for axis in (0, 1))
    kernel_x, kernel_y = (
        np.exp(-((grid[:, None] - points[None, :, axis]) ** 2) / (2 * reach**2))
        for axis, grid in enumerate((x, y))
    )
    mean = (kernel_y * share) @ kernel_x.T / (kernel_y @ kernel_x.T + PRIOR)
    return x, y, mean


def place_badges(
    points: np.ndarray, weights: list[np.ndarray], reach: float, apart: float
) -> list[np.ndarray]:
    """For each weighting of the points, the point around which the weight is densest.

    Args:
        points: ``(N, 2)``.
        weights: arrays ``(N,)``, none all zero; places are given away in this order.
        reach: standard deviation of the density.
        apart: distance kept from places given before, where a point that counts is that far
            off; else the one farthest from them is taken.

    Returns:
        places ``(2,)``.
    """
    kernel = np.exp(-_squared(points[:, None], points[None]) / (2 * reach**2))
    places: list[np.ndarray] = []
    for weight in weights:
        score = np.where(weight > 0, kernel @ weight, -np.inf)
        if places:
            room = np.sqrt(_squared(points[:, None], np.stack(places)[None])).min(axis=1)
            crowded = (room < apart) & (weight > 0)
            score[crowded] = room[crowded] - apart  # below any density
        places.append(points[score.argmax()])
    return places


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a - b) ** 2).sum(axis=-1)
