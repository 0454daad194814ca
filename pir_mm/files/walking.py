"""Finding pictures, and reading what their headers say before anything is decoded."""

import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError

ENDINGS = ('.bmp', '.gif', '.jp2', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'TIFF', 'WEBP')


def find_files(sources: Iterable[str | Path], leave_out: Iterable[Path] = ()) -> list[Path]:
    """All files of some files and folders, each once, as absolute paths.

    Sources keep their order; within a folder the paths are sorted. Links are followed, hidden files
    and folders (a name that begins with a dot) passed over.

    Args:
        sources: files and folders.
        leave_out: folders not to enter.

    Raises:
        FileNotFoundError: if a source does not exist.
    """
    entered = {os.path.realpath(folder) for folder in leave_out}
    found: dict[str, Path] = {}
    for source in map(Path, sources):
        if source.is_dir():
            files: Iterable[Path] = sorted(_walk(source, entered))
        elif source.exists():
            files = [source]
        else:
            raise FileNotFoundError(f'{source} does not exist: give pictures or folders of them')
        for file in files:
            found.setdefault(os.path.realpath(file), Path(os.path.abspath(file)))
    return list(found.values())


def picture_size(path: str | Path, max_pixels: int) -> tuple[int, int]:
    """Width and height of a picture, from its header alone.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: with the reason alone: not a picture, too many pixels, or cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                width, height = picture.size
    except FileNotFoundError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(f'too many pixels: {error}') from None
    except UnidentifiedImageError:
        raise ValueError('not a picture: unknown content') from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f'cannot be read: {error}') from None
    if width * height > max_pixels:
        raise ValueError(f'too many pixels: {width} x {height} is above {max_pixels}')
    return width, height


def _walk(folder: Path, entered: set[str]) -> Iterator[Path]:
    """Files below a folder; ``entered`` keeps links from leading in circles."""
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = [name for name in folders if not name.startswith('.')]
        yield from (Path(here, name) for name in files if not name.startswith('.'))
