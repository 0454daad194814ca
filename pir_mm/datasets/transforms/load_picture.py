"""First transform of a picture pipeline."""

from mmcv.transforms import BaseTransform

from pir_mm.files.pictures import MAX_PIXELS, read_picture
from pir_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPicture(BaseTransform):
    """Load ``img_path`` as ``img``, ``(H, W, 3)`` uint8 with blue first; see :func:`read_picture`.

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
        picture = read_picture(results['img_path'], self.max_pixels, self.min_side)
        shape = picture.shape[:2]
        return {**results, 'img': picture, 'img_shape': shape, 'ori_shape': shape}

    def __repr__(self) -> str:
        return f'LoadPicture(max_pixels={self.max_pixels}, min_side={self.min_side})'
