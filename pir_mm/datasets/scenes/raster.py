"""Filling outlines without OpenCV's ``fillPoly``, which changed its pixels in version 4.11."""

import numpy as np

UNIT = 16  # outline units per pixel; a multiple of it is the centre of a pixel


def filled(outlines: list[np.ndarray], width: int, height: int) -> np.ndarray:
    """Pixels whose centre some outline goes round, by the non-zero winding rule.

    Args:
        outlines: closed polygons ``(n, 2)`` in ``UNIT``ths of a pixel; may leave the sheet.
        width: of the sheet in pixels.
        height: of the sheet in pixels.

    Returns:
        ``(height, width)`` uint8, 1 inside.
    """
    start = np.concatenate(outlines).astype(np.int64)
    end = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines]).astype(np.int64)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first, last = (np.clip(-(-y // UNIT), 0, height) for y in (low, high))
    rows_each = last - first
    edge = np.repeat(np.arange(len(start)), rows_each)
    if not edge.size:
        return np.zeros((height, width), np.uint8)
    nth = np.arange(edge.size) - np.repeat(rows_each.cumsum() - rows_each, rows_each)
    row = first[edge] + nth
    (x, y), (far_x, far_y) = start[edge].T, end[edge].T
    crossing = x + (row * UNIT - y) * (far_x - x) // (far_y - y)
    column = np.clip(-(-crossing // UNIT), 0, width)
    turns = np.bincount(row * (width + 1) + column, np.sign(far_y - y), height * (width + 1))
    turns = turns.astype(np.int8).reshape(height, width + 1)[:, :width]
    return (turns.cumsum(axis=1, dtype=np.int8) != 0).astype(np.uint8)
