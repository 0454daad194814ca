"""Vectors that a run computes once and reads often, in a file without a name."""

import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class ScratchRows:
    """Rows ``(l, D)`` of any lengths, in bfloat16, in a temporary file that is read by memory map.

    The file stays in memory as long as there is room, and the system takes that room back where it
    is needed. It vanishes with the object. It lies in the folder for temporary files, which
    ``TMPDIR`` names.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix='pir_mm_')
        self._ends = [0]
        self._width: int | None = None
        self._mapped: tuple[Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, rows: Sequence[Tensor]) -> None:
        """Add rows.

        Raises:
            ValueError: if they are not ``(l, D)``, ``D`` that of the rows before.
        """
        for row in rows:
            if row.dim() != 2 or row.size(1) != (self._width or row.size(1)):
                raise ValueError(f'rows must be (l, {self._width or "D"}), got {tuple(row.shape)}')
            self._width = row.size(1)
            values = row.detach().to('cpu', torch.bfloat16).contiguous()
            self._file.write(values.view(torch.int16).numpy().tobytes())
            self._ends.append(self._ends[-1] + len(row))
        self._mapped = None

    def padded(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Some rows ``(n,)`` long as ``(n, L, D)`` bfloat16, and a mask ``(n, L)``, false behind.

        ``L`` is the length of the longest of them.
        """
        values, ends = self._read()
        start, length = ends[rows], ends[rows + 1] - ends[rows]
        column = torch.arange(int(length.max()))
        mask = column < length.unsqueeze(1)
        place = torch.where(mask, start.unsqueeze(1) + column, start.unsqueeze(1))
        return values.index_select(0, place.flatten()).view(*mask.shape, -1), mask

    def _read(self) -> tuple[Tensor, Tensor]:
        """All rows behind each other, and where each ends, a zero before the first."""
        if self._mapped is None:
            self._file.flush()
            shape = (self._ends[-1], self._width)
            # copied on write, so that torch may take it for writable
            mapped = np.memmap(self._file, np.int16, mode='c', shape=shape)
            self._mapped = torch.from_numpy(mapped).view(torch.bfloat16), torch.tensor(self._ends)
        return self._mapped
