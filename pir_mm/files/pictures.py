"""Picture files: their endings, their size, and their pixels."""

import io
import os
import stat
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pir_mm.files.raster_kinds import ORIENTATION, TIFF, begins_as_raster, raster_driver, tiff_tags
from pir_mm.files.rasters import raster_size, read_raster, stretched
from pir_mm.files.taken_dates import EXIF_TAKEN, TIFF_WRITTEN

PICTURE_ENDINGS = ('.bmp', '.gif', '.jp2', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
MAX_PIXELS = 100_000_000
"""Width times height above which a picture is not decoded, unless a config says otherwise."""
Picture = str | os.PathLike | np.ndarray | Image.Image
"""A file, pixels or an open picture of Pillow."""
_FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'TIFF', 'WEBP')


class PictureError(ValueError):
    """A picture file that cannot be decoded. ``reason`` does not repeat which."""

    reason = ''

    @classmethod
    def of(cls, path: str | os.PathLike, reason: Exception) -> 'PictureError':
        # A loader's worker makes an error anew from its message alone.
        error = cls(f'the picture {path} cannot be decoded, replace or remove it: {reason}')
        error.reason = str(reason)
        return error


def is_picture(path: str | os.PathLike) -> bool:
    """Whether a file name ends as that of a picture."""
    return os.path.splitext(path)[1].lower() in PICTURE_ENDINGS


def require_file(path: str | os.PathLike) -> None:
    """Check that a path is a file with content, and no pipe, socket or device, which would hang.

    Raises:
        FileNotFoundError: if there is nothing.
        ValueError: if it is something else than a file.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f'the picture {path} does not exist') from None
    except OSError as error:  # a link in a circle, a name too long, a closed folder
        raise ValueError(f'cannot be read: {error.strerror}') from None
    if not stat.S_ISREG(mode):
        raise ValueError('not a picture: it is no regular file')


def picture_size(path: str | os.PathLike, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height of a picture as it is shown, from its header alone.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: with the reason alone: not a picture, too many pixels, or cannot be read.
    """
    require_file(path)
    try:
        driver = raster_driver(path)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)
            if driver is not None:
                width, height = raster_size(path, driver)
                orientation = tiff_tags(path).get(ORIENTATION) if driver == TIFF else None
            else:
                with Image.open(path, formats=_FORMATS) as picture:
                    width, height = picture.size
                    # Pillow would decode a PNG to look for a mark behind its pixels.
                    marked = picture.format != 'PNG' or 'exif' in picture.info
                    orientation = picture.getexif().get(ORIENTATION) if marked else None
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
    return (height, width) if orientation in (5, 6, 7, 8) else (width, height)


def picture_metadata(path: str | os.PathLike) -> dict[str, str]:
    """When a picture says that it was taken and written, by GDAL's names; empty if nowhere.

    Only the header is read. What cannot be read tells nothing.
    """
    try:
        with warnings.catch_warnings(), Image.open(path, formats=_FORMATS) as picture:
            warnings.simplefilter('ignore')
            if picture.format == 'PNG' and 'exif' not in picture.info:
                return {}  # Pillow would decode it to look behind its pixels
            exif = picture.getexif()
            found = {
                EXIF_TAKEN: exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal),
                TIFF_WRITTEN: exif.get(ExifTags.Base.DateTime),
            }
    except Exception:  # Pillow's plugins raise errors of all kinds on bad bytes
        return {}
    return {name: str(text) for name, text in found.items() if text}


def read_picture(
    path: str | os.PathLike, max_pixels: int = MAX_PIXELS, min_side: int | None = None
) -> np.ndarray:
    """Decode a picture: the one decoder of training, index, search and every sheet.

    Grey is repeated, palettes are looked up, transparency is dropped, and the orientation mark of
    the camera is obeyed. Samples of other than 8 bits are stretched, see :func:`stretched`, and of
    many bands red, green and blue are taken, see :func:`read_raster`.

    Args:
        path: picture file.
        max_pixels: width times height above which the picture is not decoded (Pillow refuses a
            picture above twice ``PIL.Image.MAX_IMAGE_PIXELS`` in any case).
        min_side: decode a JPEG at a half, quarter or eighth, if its shorter side stays at least
            this; None decodes all.

    Returns:
        ``(H, W, 3)`` uint8, blue first.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a picture, is broken or cut short, or is too large.
    """
    try:
        require_file(path)
    except ValueError as error:
        raise PictureError.of(path, error) from None
    with _named_errors(path):
        driver = raster_driver(path)
        size = None if driver is None else raster_size(path, driver)
    if size is not None:
        _check_size(path, *size, max_pixels)
        with _named_errors(path):
            rgb = read_raster(path, driver)
            turned = _turned(rgb, tiff_tags(path).get(ORIENTATION) if driver == TIFF else None)
        return _blue_first(turned)
    with _named_errors(path):
        picture = Image.open(path, formats=_FORMATS)
    return _decoded(picture, path, None, max_pixels, min_side)


def decode_picture(
    content: bytes, name: str, max_pixels: int = MAX_PIXELS, min_side: int | None = None
) -> np.ndarray:
    """Decode the content of a picture file, by the rules of :func:`read_picture`.

    Args:
        content: bytes of the file.
        name: of the picture, for messages.
        max_pixels, min_side: as in :func:`read_picture`.

    Raises:
        ValueError: as :func:`read_picture`.
    """
    if begins_as_raster(content[:16]):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            try:
                return read_picture(file.name, max_pixels)
            except PictureError as error:
                raise PictureError.of(name, ValueError(error.reason)) from None
            except ValueError as error:
                raise ValueError(str(error).replace(file.name, name)) from None
    with _named_errors(name):
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    return _decoded(picture, name, content, max_pixels, min_side)


def _decoded(
    picture: Image.Image,
    name: str | os.PathLike,
    content: bytes | None,
    max_pixels: int,
    min_side: int | None,
) -> np.ndarray:
    with picture:
        _check_size(name, *picture.size, max_pixels)
        with _named_errors(name):
            if min_side is not None and picture.format == 'JPEG':
                picture.draft(None, (min_side, min_side))
            return _three_channels(picture, name, content)


def pixels_of(picture: Image.Image | np.ndarray) -> np.ndarray:
    """Pixels of a picture in memory, by the rules of :func:`read_picture`.

    Args:
        picture: of Pillow, or an array ``(H, W)``, ``(H, W, 1)``, ``(H, W, 3)`` RGB or
            ``(H, W, 4)`` RGBA. Floats from 0 to 1 become 0 to 255; other samples that are not
            uint8 are stretched.

    Returns:
        ``(H, W, 3)`` uint8, blue first.

    Raises:
        ValueError: for another shape or type, or an array without pixels.
    """
    if isinstance(picture, Image.Image):
        if picture.mode[0] in 'IF':
            return pixels_of(np.asarray(picture))
        return _eight_bits(ImageOps.exif_transpose(picture))
    is_grey = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 1)
    if not (is_grey or (picture.ndim == 3 and picture.shape[2] in (3, 4))) or picture.size == 0:
        raise ValueError(
            f'an array must be (H, W), (H, W, 3) RGB or (H, W, 4) RGBA, got shape {picture.shape}'
        )
    if picture.dtype.kind not in 'buif':
        raise ValueError(f'an array must hold numbers, got {picture.dtype}')
    pixels = picture.reshape(picture.shape[:2]) if is_grey else picture[..., :3]
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    elif pixels.dtype.kind == 'f' and pixels.size and 0 <= pixels.min() <= pixels.max() <= 1:
        pixels = (pixels * 255).round().astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = stretched(pixels)
    return _blue_first(pixels)


def _check_size(path: str | os.PathLike, width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ValueError(
            f'the picture {path} has {width} x {height} pixels, more than the {max_pixels} of '
            'max_pixels: cut it into tiles, or raise max_pixels'
        )


@contextmanager
def _named_errors(path: str | os.PathLike) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Pillow's plugins raise errors of all kinds on bad bytes
        raise PictureError.of(path, error) from None


def _three_channels(
    picture: Image.Image, path: str | os.PathLike, content: bytes | None
) -> np.ndarray:
    deep = bool(picture.tile) and ';16' in str(picture.tile[0][3])
    if deep:  # Pillow would keep but the high byte of coloured ones
        picture.load()  # refuses a file cut short, which OpenCV may fill up
        orientation = picture.getexif().get(ORIENTATION)
        encoded = np.fromfile(path, np.uint8) if content is None else np.frombuffer(content, 'u1')
        pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
        pixels = stretched(pixels[..., :3] if pixels.ndim == 3 else pixels)
        rgb = pixels if pixels.ndim == 2 else pixels[..., ::-1]
        return _blue_first(_turned(rgb, orientation))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode[0] in 'IF':
        return _blue_first(stretched(np.asarray(picture)))
    return _eight_bits(picture)


def _eight_bits(picture: Image.Image) -> np.ndarray:
    rgb = picture if picture.mode == 'RGB' else picture.convert('RGB')
    pixels = np.frombuffer(rgb.tobytes('raw', 'BGR'), np.uint8)
    return pixels.reshape(rgb.height, rgb.width, 3).copy()  # writable


def _blue_first(rgb: np.ndarray) -> np.ndarray:
    """``(H, W)`` or ``(H, W, 3)`` red first to ``(H, W, 3)`` blue first, writable."""
    rgb = np.repeat(rgb[..., None], 3, axis=2) if rgb.ndim == 2 else rgb
    return rgb[..., ::-1].copy()


def _turned(pixels: np.ndarray, orientation: int | None) -> np.ndarray:
    """Pixels as the orientation mark of EXIF (2 to 8) wants them shown."""
    quarter_turns = {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0)
    turned = np.rot90(pixels, quarter_turns)
    return turned[:, ::-1] if orientation in (2, 4, 5, 7) else turned
