"""Figures and pixels as files fit for print."""

from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from PIL import Image

from pir_mm.files.writing import atomic_file

ENDINGS = ('.png', '.pdf')
DPI = 300
PAGE_WIDTH = 7.2  # inches: both columns of a paper

INK, QUIET, RULE = '#1f2328', '#57606a', '#d8dee4'


def save_picture(picture: Figure | Image.Image, path: str | Path) -> None:
    """Write PNG or PDF, by the ending, under a temporary name first; missing folders are made.

    A figure is written at 300 dots per inch; in a PDF its letters are letters (TrueType, which
    publishers ask for). Pixels keep their number and are scaled to the width of a page.

    Raises:
        ValueError: if the ending is another.
    """
    path = Path(path)
    kind = check_ending(path)
    with atomic_file(path) as temporary:
        if isinstance(picture, Image.Image):
            dpi = picture.width / PAGE_WIDTH
            options = {'resolution': dpi} if kind == 'pdf' else {'dpi': (dpi, dpi)}
            picture.save(temporary, format=kind, **options)
        elif kind == 'pdf':
            with matplotlib.rc_context({'pdf.fonttype': 42}):
                FigureCanvasPdf(picture).print_pdf(temporary, metadata={'CreationDate': None})
        else:
            picture.set_dpi(DPI)
            FigureCanvasAgg(picture).print_png(temporary)


def check_ending(path: str | Path) -> str:
    """``'png'`` or ``'pdf'``.

    Raises:
        ValueError: if the ending is another.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f'{path} must end in {" or ".join(ENDINGS)}')
    return ending[1:]
