"""Rankings as one picture: a row per query, a column per result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pir_mm.files.names import first_few, shortest_names
from pir_mm.files.pictures import MAX_PIXELS
from pir_mm.files.writing import atomic_file
from pir_mm.registry import VISUALIZERS
from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.figure_file import INK, QUIET, RULE
from pir_mm.visualization.text_block import draw_block, line_height, shorten
from pir_mm.visualization.thumbnail import thumbnail
from pir_mm.visualization.typefaces import face_for, font, undrawable

Content = str | Path | np.ndarray
MAX_RESULTS = 200
"""Results of a section; a sheet of more could not be looked at, and would be of any size."""

CARD = '#f6f8fa'
RIGHT, WRONG, UNKNOWN = '#1a7f37', '#cf222e', '#d0d7de'
MARGIN, GAP, FRAME, PADDING = 36, 18, 4, 12
HEADING, QUERY, SENTENCE, NOTE, RANK = (
    font(20, 'bold'), font(17), font(14), font(13), font(13, 'bold'),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What one cell shows."""

    content: Content
    score: float
    right: bool | None
    label: str = ''


@dataclass(frozen=True)
class Section:
    """Rows of one query and its results each; more than ``columns`` results take several lines.

    Args:
        columns: results in a line.
        cell: side of a result in pixels.
        max_pixels: of a picture file that is decoded.
        names: what to call the files.
        labelled: whether a line is kept below the results for their names.
    """

    columns: int
    cell: int
    max_pixels: int
    names: Mapping[Path, str]
    labelled: bool

    @property
    def width(self) -> int:
        return self._left(self.columns) - GAP + MARGIN

    @property
    def line_step(self) -> int:
        notes = line_height(RANK) + line_height(NOTE) * self.labelled
        return self.cell + 2 * FRAME + notes + 2 * GAP

    def draw(
        self, heading: str, rows: Sequence[tuple[Content, Sequence[Result]]], legend: bool
    ) -> Image.Image:
        """The section as a picture, ``legend`` telling what the colours mean."""
        top = line_height(HEADING) + GAP
        lines = [max(1, -(-len(results) // self.columns)) for _, results in rows]
        size = (self.width, top + sum(lines) * self.line_step - GAP)
        canvas = Image.new('RGB', size, 'white')
        draw = ImageDraw.Draw(canvas)
        room = self.width - 2 * MARGIN
        if legend:
            room = self._legend(draw) - GAP - MARGIN
        face = face_for(heading, HEADING)
        draw.text((MARGIN, 0), shorten(heading, face, room), font=face, fill=INK)
        y = top
        for (query, results), count in zip(rows, lines, strict=True):
            draw.line((MARGIN, y - GAP // 2, self.width - MARGIN, y - GAP // 2), fill=RULE)
            self._query(canvas, y + GAP // 2, query)
            for number, result in enumerate(results):
                line, column = divmod(number, self.columns)
                corner = (self._left(column), y + GAP // 2 + line * self.line_step)
                self._result(canvas, corner, number + 1, result)
            y += count * self.line_step
        return canvas

    def _left(self, column: int) -> int:
        """Left edge of a column of results. The query's is a third wider than a cell."""
        return MARGIN + self.cell * 4 // 3 + GAP + column * (self.cell + 2 * FRAME + GAP)

    def _legend(self, draw: ImageDraw.ImageDraw) -> int:
        """Draw the legend at the right edge and tell where it begins."""
        x = self.width - MARGIN
        middle = line_height(HEADING) // 2
        for colour, word in ((WRONG, '✗ wrong'), (RIGHT, '✓ right')):
            x -= round(NOTE.getlength(word))
            draw.text((x, middle), word, font=NOTE, fill=colour, anchor='lm')
            x -= GAP
        return x

    def _query(self, canvas: Image.Image, y: int, query: Content) -> None:
        if isinstance(query, str):
            box = (MARGIN, y + FRAME, self._left(0) - GAP, y + FRAME + self.cell)
            draw_block(ImageDraw.Draw(canvas), box, query, QUERY, INK)
            return
        canvas.paste(thumbnail(query, self.cell, self.max_pixels), (MARGIN, y + FRAME))
        if isinstance(query, Path):
            place = (MARGIN, y + self.cell + 2 * FRAME + 4)
            self._name(ImageDraw.Draw(canvas), place, self.names.get(query, query.name))

    def _result(
        self, canvas: Image.Image, corner: tuple[int, int], rank: int, result: Result
    ) -> None:
        x, y = corner
        inner, outer = self.cell + FRAME, self.cell + 2 * FRAME
        colour = {None: UNKNOWN, True: RIGHT, False: WRONG}[result.right]
        draw = ImageDraw.Draw(canvas)
        draw.rectangle((x, y, x + outer - 1, y + outer - 1), fill=colour)
        if isinstance(result.content, str):
            draw.rectangle((x + FRAME, y + FRAME, x + inner - 1, y + inner - 1), fill=CARD)
            box = (x + FRAME + PADDING, y + FRAME + PADDING, x + inner - PADDING, y + inner - 6)
            draw_block(draw, box, result.content, SENTENCE, INK)
        else:
            picture = thumbnail(result.content, self.cell, self.max_pixels)
            canvas.paste(picture, (x + FRAME, y + FRAME))
        below = y + outer + 4
        draw.text((x, below), str(rank), font=RANK, fill=INK)
        gap = round(RANK.getlength(f'{rank}  '))
        draw.text((x + gap, below), f'{round(result.score, 3) + 0.0:.3f}', font=NOTE, fill=QUIET)
        if result.right is not None:
            mark = '✓' if result.right else '✗'
            draw.text((x + outer, below), mark, font=RANK, fill=colour, anchor='ra')
        name = result.label
        if isinstance(result.content, Path):
            name = name or self.names[result.content]
        if name:
            self._name(draw, (x, below + line_height(RANK)), name)

    def _name(self, draw: ImageDraw.ImageDraw, place: tuple[int, int], name: str) -> None:
        face = face_for(name, NOTE)
        # The end of a name holds its number, which tells the pictures of a scene apart.
        short = shorten(name, face, self.cell + 2 * FRAME, keep_end=min(len(name), 8))
        draw.text(place, short, font=face, fill=QUIET)


def shown_shape(queries: int, top_k: int) -> tuple[int, int]:
    """How many of the queries, and how many results of each, a section shows."""
    rows = min(queries, MAX_RESULTS)
    return rows, min(top_k, max(1, MAX_RESULTS // rows))


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

    Attributes:
        notes: a sentence on each thing that the sheet does not show.

    Raises:
        ValueError: if ``cell_px`` is below 100, where sentences could not be read, or ``columns``
            below 1.
    """

    def __init__(self, cell_px: int = 200, columns: int = 10, max_pixels: int = MAX_PIXELS) -> None:
        if cell_px < 100:
            raise ValueError(f'cell_px must be at least 100, got {cell_px}')
        if columns < 1:
            raise ValueError(f'columns must be at least 1, got {columns}')
        self.cell_px = cell_px
        self.columns = columns
        self.max_pixels = max_pixels
        self.notes: list[str] = []
        self._sections: list[Image.Image] = []

    def add(
        self,
        heading: str,
        queries: Sequence[Content],
        ranking: Ranking,
        gallery: Sequence[Content] | Mapping[int, Content],
        right: np.ndarray | None = None,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        """Append a section, of :data:`MAX_RESULTS` results at most.

        Args:
            heading: above its rows.
            queries: ``Q`` sentences or pictures, at least one.
            ranking: ``(Q, k)``.
            gallery: what an id of the ranking shows.
            right: ``(Q, k)`` booleans; ``None`` where the truth is unknown.
            labels: what to write below an id of the ranking; files have their names without one.

        Raises:
            ValueError: if there is no query, or the numbers of queries, rankings and truths differ.
        """
        shape = ranking.ids.shape
        if not 0 < len(queries) == shape[0]:
            raise ValueError(f'a section needs a ranking for each query: {len(queries)}, {shape}')
        if right is not None and np.shape(right) != shape:
            raise ValueError(f'right {np.shape(right)} must have the shape of the ranking, {shape}')
        labels = labels or {}
        truth = np.full(shape, None) if right is None else np.asarray(right)
        height, width = shown_shape(*shape)
        if (height, width) != shape:
            self.notes.append(
                f'{heading}: the best {width} of {shape[1]} results of {height} of {shape[0]} '
                'queries are drawn'
            )
            queries, truth = queries[:height], truth[:height, :width]
            ranking = Ranking(ranking.ids[:height, :width], ranking.scores[:height, :width])
        rows = [
            (
                query,
                [
                    Result(
                        gallery[int(i)],
                        float(score),
                        None if known is None else bool(known),
                        labels.get(int(i), ''),
                    )
                    for i, score, known in zip(*columns, strict=True)
                ],
            )
            for query, *columns in zip(queries, ranking.ids, ranking.scores, truth, strict=True)
        ]
        shown = [result.content for _, results in rows for result in results]
        files = list(dict.fromkeys(content for content in shown if isinstance(content, Path)))
        names = dict(zip(files, shortest_names(list(map(str, files))), strict=True))
        texts = [
            heading,
            *names.values(),
            *labels.values(),
            *(t for t in (*queries, *shown) if isinstance(t, str)),
        ]
        boxes = undrawable(texts, NOTE)
        if boxes:
            self.notes.append(
                f'{heading}: no font of this machine has {first_few(boxes, 10)}, boxes stand for '
                'them; a font such as Noto Sans CJK draws them'
            )
        columns = max(1, min(width, self.columns))
        labelled = bool(names or labels)
        section = Section(columns, self.cell_px, self.max_pixels, names, labelled)
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
        with atomic_file(path) as temporary:
            Image.fromarray(self.draw()).save(temporary, format='PNG')
