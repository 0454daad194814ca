"""Two views of a picture, for losses that compare them."""

from collections.abc import Callable, Sequence

from mmcv.transforms import BaseTransform, Compose

from pir_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwoViews(BaseTransform):
    """Apply the same transforms twice, drawn anew for each view.

    ``img`` becomes a list of the two views, which ``mmpretrain.PackInputs`` packs and
    :func:`collate_pairs` tells apart. Everything else in the item is that of the first view.

    Args:
        transforms: as in a pipeline. Both views must have one size in the end.
    """

    def __init__(self, transforms: Sequence[dict | Callable]) -> None:
        self.transforms = Compose(transforms).transforms

    def transform(self, results: dict) -> dict:
        first, second = (self._view(results) for _ in range(2))
        return {**first, 'img': [first['img'], second['img']]}

    def _view(self, results: dict) -> dict:
        view = {**results, 'img': results['img'].copy()}
        for step in self.transforms:
            view = step(view)
        return view

    def __repr__(self) -> str:
        return f'TwoViews({self.transforms})'
