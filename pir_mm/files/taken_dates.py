"""On which day a picture was taken, as its file tells."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

ACQUIRED = (
    'ACQUISITIONDATETIME',
    'ACQUISITION_DATETIME',
    'ACQUISITION_DATE',
    'ACQUIRED',
    'DATE_ACQUIRED',
    'DATATAKE_1_DATATAKE_SENSING_START',
    'SENSING_TIME',
    'PRODUCT_START_TIME',
)
"""Metadata of a raster that tell when it was taken: GDAL's, Landsat's, Sentinel's, Planet's."""
EXIF_TAKEN = 'EXIF_DATETIMEORIGINAL'
TIFF_WRITTEN = 'TIFFTAG_DATETIME'
_DAY = re.compile(
    r'(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-_.:/]?)(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])'
    r'(?!\d)'
)


@dataclass(frozen=True)
class TakenDate:
    """A day, and where it was found.

    Args:
        day: as ``YYYY-MM-DD``, of the clock of whoever wrote it.
        origin: ``'metadata'``, ``'exif'``, ``'name'`` or ``'tag'``, see :func:`taken_date`.
    """

    day: str
    origin: str


def taken_date(path: str | os.PathLike, metadata: Mapping[str, str]) -> TakenDate | None:
    """The day on which a picture was taken, from the first of these that tells one.

    - ``'metadata'``: what the raster says of its acquisition, one of :data:`ACQUIRED`;
    - ``'exif'``: the camera's time of the shot;
    - ``'name'``: the first date in the file's name, as in ``S2A_MSIL2A_20190301T101021.tif``;
    - ``'tag'``: the date of the TIFF or EXIF header, often of the program that wrote the file.

    The time at which the file was last changed is never taken: a copy changes it.

    Args:
        path: of the file; only its name is read.
        metadata: texts by their names in any case, see :attr:`pir_mm.files.rasters.Raster.metadata`
            and :func:`pir_mm.files.pictures.picture_metadata`.
    """
    texts = {name.upper(): str(text) for name, text in metadata.items()}
    name = os.path.splitext(os.path.basename(path))[0]
    places = [('metadata', texts.get(key)) for key in ACQUIRED]
    places += [('exif', texts.get(EXIF_TAKEN)), ('name', name), ('tag', texts.get(TIFF_WRITTEN))]
    for origin, text in places:
        day = first_day(text or '')
        if day is not None:
            return TakenDate(day, origin)
    return None


def first_day(text: str) -> str | None:
    """The first date in a text, year first, as ``YYYY-MM-DD``: 20190301, 2019-03-01, 2019:03:01."""
    for match in _DAY.finditer(text):
        try:
            return date(int(match['y']), int(match['m']), int(match['d'])).isoformat()
        except ValueError:  # the 31st of April
            continue
    return None
