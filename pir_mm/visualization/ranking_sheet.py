"""Rankings as one picture: a row per query, a column per result."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pir_mm.registry import VISUALIZERS
from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.sheet_section import MARGIN, Content, Result, Section


@VISUALIZERS.register_module()
class RankingSheet:
    """Draws rankings of sentences and pictures on one sheet, in any direction.

    A sentence is a ``str``; a picture is a ``Path`` or an ``(H, W, 3)`` uint8 RGB array. Results
    known to be right have a green frame and a tick, wrong ones a red frame and a cross, others a
    grey frame. Text is measured, and cut before it could leave its box.

    Args:
        cell_px: side of a result, and of a query that is a picture.
        columns: results in a line; more go on below.
        max_pixels: a picture file of more is not decoded; a notice stands in its place.

    Raises:
        ValueError: if ``cell_px`` is below 100, where sentences could not be read, or ``columns``
            below 1.
    """

    def __init__(
        self, cell_px: int = 200, columns: int = 10, max_pixels: int = 100_000_000
    ) -> None:
        if cell_px < 100:
            raise ValueError(f'cell_px must be at least 100, got {cell_px}')
        if columns < 1:
            raise ValueError(f'columns must be at least 1, got {columns}')
        self.cell_px = cell_px
        self.columns = columns
        self.max_pixels = max_pixels
        self._sections: list[Image.Image] = []

    def add(
        self,
        heading: str,
        queries: Sequence[Content],
        ranking: Ranking,
        gallery: Sequence[Content] | Mapping[int, Content],
        right: np.ndarray | None = None,
    ) -> None:
        """Append a section.

        Args:
            heading: above its rows.
            queries: ``Q`` sentences or pictures, at least one.
            ranking: ``(Q, k)``.
            gallery: what an id of the ranking shows.
            right: ``(Q, k)`` booleans; ``None`` where the truth is unknown.

        Raises:
            ValueError: if there is no query, or the numbers of queries, rankings and truths differ.
        """
        shape = ranking.ids.shape
        if not 0 < len(queries) == shape[0]:
            raise ValueError(f'a section needs a ranking for each query: {len(queries)}, {shape}')
        if right is not None and np.shape(right) != shape:
            raise ValueError(f'right {np.shape(right)} must have the shape of the ranking, {shape}')
        truth = np.full(shape, None) if right is None else np.asarray(right)
        rows = [
            (
                query,
                [
                    Result(gallery[int(i)], float(score), None if known is None else bool(known))
                    for i, score, known in zip(*columns, strict=True)
                ],
            )
            for query, *columns in zip(queries, ranking.ids, ranking.scores, truth, strict=True)
        ]
        named = any(isinstance(result.content, Path) for _, results in rows for result in results)
        columns = min(shape[1], self.columns)
        section = Section(columns, self.cell_px, self.max_pixels, named)
        self._sections.append(section.draw(heading, rows, legend=right is not None))

    def draw(self) -> np.ndarray:
        """All sections below each other, ``(H, W, 3)`` uint8 RGB.

        Raises:
            ValueError: if nothing was added.
        """
        if not self._sections:
            raise ValueError('the sheet is empty: add a section first')
        height = sum(section.height + MARGIN for section in self._sections) + MARGIN
        width = max(section.width for section in self._sections)
        sheet = Image.new('RGB', (width, height), 'white')
        y = MARGIN
        for section in self._sections:
            sheet.paste(section, (0, y))
            y += section.height + MARGIN
        return np.asarray(sheet)

    def save(self, path: str | Path) -> None:
        """Write the sheet as PNG, under a temporary name first; missing folders are made."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f'.{path.name}.{os.getpid()}')
        Image.fromarray(self.draw()).save(temporary, format='PNG')
        os.replace(temporary, path)
