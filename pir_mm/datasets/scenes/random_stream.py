"""Random choices that are the same on every machine and with every version of NumPy."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar('Item')


class RandomStream:
    """Integers, choices and noise from one PCG64 stream.

    NumPy promises to keep the raw 64-bit output of a bit generator (NEP 19). This class uses only
    that output and integer arithmetic.

    Args:
        *seed: integers of 0 or more; different tuples give independent streams.
    """

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(list(seed)))

    def below(self, stop: int) -> int:
        """An integer in ``[0, stop)``."""
        return int(self._bits.random_raw()) % stop

    def between(self, low: int, high: int) -> int:
        """An integer in ``[low, high]``."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True in ``percent`` of 100 cases."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[Item]) -> Item:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def sample(self, choices: Sequence[Item], count: int) -> list[Item]:
        """``count`` different choices, in random order."""
        return self.shuffled(choices)[:count]

    def shuffled(self, choices: Sequence[Item]) -> list[Item]:
        """All choices in random order."""
        order = list(choices)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def few(self, most: int) -> int:
        """A count from 0 to ``most``; 0 about a third of the time."""
        return 0 if self.chance(34) else self.between(1, most)

    def bytes(self, *shape: int) -> np.ndarray:
        """Uniform integers in ``[0, 255]``, as int32."""
        count = int(np.prod(shape))
        raw = self._bits.random_raw((count + 7) // 8).astype('<u8')
        return raw.view(np.uint8)[:count].reshape(shape).astype(np.int32)

    def noise(self, side: int, octaves: Sequence[tuple[int, int]]) -> np.ndarray:
        """Smooth noise ``(side, side)`` int32 around 0.

        Args:
            side: of the result.
            octaves: ``(cells, weight)`` each; the octaves are summed. One octave of weight 256
                reaches from about -127 to 127.
        """
        total = np.zeros((side, side), np.int32)
        for cells, weight in octaves:
            grid = self.bytes(cells + 1, cells + 1) - 128
            position = np.arange(side) * cells * 64 // side
            cell, part = position >> 6, position & 63
            part = part * part * (192 - 2 * part) >> 12  # smooth step of 0..63
            columns = grid[:, cell] * (64 - part) + grid[:, cell + 1] * part
            rows = columns[cell] * (64 - part)[:, None] + columns[cell + 1] * part[:, None]
            total += (rows >> 12) * weight >> 8
        return total
