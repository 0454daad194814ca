"""First transform of a picture pipeline."""

from mmcv.transforms import BaseTransform

from pir_mm.files.pictures import MAX_PIXELS, decode_picture, read_picture
from pir_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPicture(BaseTransform):
    """Load ``img_path`` as ``img``, ``(H, W, 3)`` uint8 with blue first; see :func:`read_picture`.

    Where an item has ``img_bytes``, the content of the file, these are decoded instead.
    Adds ``img_shape`` and ``ori_shape``, (height, width). Unlike ``LoadImageFromFile`` it checks
    the size of a picture before it decodes it, and refuses a broken picture by name.

    Args:
        max_pixels: width times height above which a picture is refused.
        min_side: decode large JPEG files at a half, quarter or eighth, no shorter side below this.

    Raises:
        FileNotFoundError, ValueError: if the picture is missing, broken or too large.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS, min_side: int | None = None) -> None:
        self.max_pixels = max_pixels
        self.min_side = min_side

    def transform(self, results: dict) -> dict:
        limits = (self.max_pixels, self.min_side)
        if 'img_bytes' in results:
            content = results['img_bytes']
            results = {key: value for key, value in results.items() if key != 'img_bytes'}
            picture = decode_picture(content, results['img_path'], *limits)
        else:
            picture = read_picture(results['img_path'], *limits)
        shape = picture.shape[:2]
        return {**results, 'img': picture, 'img_shape': shape, 'ori_shape': shape}

    def __repr__(self) -> str:
        return f'LoadPicture(max_pixels={self.max_pixels}, min_side={self.min_side})'
