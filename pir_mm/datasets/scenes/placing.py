"""Where to put things so that none hides another."""

from pir_mm.datasets.scenes.dice import Dice

Area = tuple[int, int, int, int]  # left, top, right, bottom of the plan


def scattered(dice: Dice, count: int, area: Area, room: tuple[int, int]) -> list[tuple[int, int]]:
    """Centres of ``count`` things that each get ``room`` (width, height) of their own.

    Raises:
        ValueError: if the area has not that many places.
    """
    left, top, right, bottom = area
    columns, rows = (right - left) // room[0], (bottom - top) // room[1]
    if columns * rows < count:
        raise ValueError(
            f'{count} things of {room} units asked in {area}, which has room for '
            f'{columns * rows}. Ask fewer or a larger area.'
        )
    wide, high = (right - left) // max(1, columns), (bottom - top) // max(1, rows)
    cells = [(column, row) for row in range(rows) for column in range(columns)]
    spots = []
    for column, row in sorted(dice.sample(cells, count)):
        spare_x, spare_y = (wide - room[0]) // 2, (high - room[1]) // 2
        x = left + column * wide + wide // 2 + dice.between(-spare_x, spare_x)
        spots.append((x, top + row * high + high // 2 + dice.between(-spare_y, spare_y)))
    return spots


def lined_up(count: int, left: int, right: int, y: int, pitch: int = 10**6) -> list:
    """Centres evenly along a line, at most ``pitch`` apart, about the middle."""
    pitch = min(pitch, (right - left) // count)
    first = (left + right - pitch * (count - 1)) // 2
    return [(first + k * pitch, y) for k in range(count)]


def ranked(count: int, area: Area, per_row: int) -> tuple[list[tuple[int, int]], int]:
    """Centres in rows of at most ``per_row`` over the whole area, and the number of rows."""
    left, top, right, bottom = area
    rows = -(-count // per_row)
    spots = []
    for row in range(rows):
        share = count // rows + (row < count % rows)
        y = top + (2 * row + 1) * (bottom - top) // (2 * rows)
        spots += lined_up(share, left, right, y)
    return spots, rows
