"""Features that were computed once, in files that are read by memory map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pir_mm.files.names import first_few
from pir_mm.files.writing import atomic_file, write_json

CARD = 'features.json'
ROWS = 1024
"""Rows of a block: what a killed computation has to do again at most."""


class FeatureStore:
    """Tensors for numbered rows, in a folder of blocks.

    A row is an image in one orientation, in bfloat16; or a text, in float32, since first tokens of
    texts differ by less than bfloat16 tells apart. Each block of rows is a file that appears
    whole, so a computation that was killed goes on with the blocks that are missing. The card of
    the folder says what the features depend on; a folder with another card is refused. Blocks are
    memory-mapped when a row of them is first read.

    Args:
        folder: of the store; made where it is missing.
        made_from: what the features depend on: plain values, by a name for the reader.
        rows: number of rows.

    Raises:
        ValueError: if the folder holds features that were made from something else, or files of
            another kind.
    """

    def __init__(self, folder: str | Path, made_from: Mapping[str, Any], rows: int) -> None:
        self.folder = Path(folder)
        self.rows = rows
        self._blocks: dict[int, dict[str, Tensor]] = {}
        card = {'rows': rows, **made_from}
        if (self.folder / CARD).is_file():
            self._refuse_other(card)
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise ValueError(f'{self.folder} holds files and no {CARD}: name another folder')
        else:
            write_json(self.folder / CARD, card)

    def missing(self) -> list[range]:
        """The rows of each block that is not there."""
        blocks = (range(start, min(start + ROWS, self.rows)) for start in range(0, self.rows, ROWS))
        return [block for block in blocks if not self._path(block.start).is_file()]

    def write(self, block: range, parts: Sequence[Tensor]) -> None:
        """Write a block, as :meth:`missing` names it: tensors with one row for each of its rows."""
        named = {f'part{number}': part.bfloat16() for number, part in enumerate(parts)}
        self._save(block, named, {})

    def write_ragged(self, block: range, rows: Sequence[Tensor]) -> None:
        """Write a block of rows ``(l, C)`` of different lengths."""
        lengths = torch.tensor([len(row) for row in rows])
        self._save(block, {'part0': torch.cat(list(rows)).float()}, {'lengths': lengths})

    def row(self, number: int) -> tuple[Tensor, ...]:
        """The tensors of a row; they share memory with the file."""
        block, row = self._block(number)
        parts = [block[f'part{part}'] for part in range(len(block) - ('ends' in block))]
        if 'ends' not in block:
            return tuple(part[row] for part in parts)
        end = int(block['ends'][row])
        start = int(block['ends'][row - 1]) if row else 0
        return tuple(part[start:end] for part in parts)

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_blocks': {}}

    def _path(self, row: int) -> Path:
        return self.folder / f'{row // ROWS:05}.safetensors'

    def _block(self, number: int) -> tuple[dict[str, Tensor], int]:
        if not 0 <= number < self.rows:
            raise IndexError(f'row {number} of {self.folder}, which has {self.rows}')
        index, row = divmod(number, ROWS)
        if index not in self._blocks:
            block = load_file(self._path(number))
            if 'lengths' in block:
                block['ends'] = block.pop('lengths').cumsum(dim=0)
            self._blocks[index] = block
        return self._blocks[index], row

    def _save(self, block: range, parts: dict[str, Tensor], others: dict[str, Tensor]) -> None:
        tensors = {name: part.contiguous() for name, part in parts.items()}
        with atomic_file(self._path(block.start)) as temporary:
            save_file(tensors | others, temporary)

    def _refuse_other(self, card: dict) -> None:
        path = self.folder / CARD
        try:
            found = json.loads(path.read_text(encoding='utf-8'))
            changed = [name for name in card | found if found.get(name) != card.get(name)]
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f'{path} is damaged: remove {self.folder}') from None
        if changed:
            raise ValueError(
                f'the features in {self.folder} were made from other {first_few(changed)} than '
                'this run has: remove the folder, or name another one'
            )


class ShuffledRows:
    """The rows of a store, each under the number of another, always in the same order."""

    def __init__(self, store: FeatureStore) -> None:
        self.store = store
        self.order = np.random.default_rng(0).permutation(store.rows)

    def row(self, number: int) -> tuple[Tensor, ...]:
        """The tensors of the row that stands in place of ``number``."""
        return self.store.row(int(self.order[number]))
