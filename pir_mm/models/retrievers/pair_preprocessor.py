"""Batches moved to the model's device, images normalised there."""

from mmpretrain.models import MultiModalDataPreprocessor

from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch


@MODELS.register_module()
class PairPreprocessor(MultiModalDataPreprocessor):
    """mmpretrain's preprocessor, which takes a :class:`PairBatch` as well.

    The images stay uint8 until they are on the device, so that a quarter of the bytes is copied.
    What mmpretrain's own tools give it, a dict with ``inputs``, is treated as mmpretrain does.

    Args:
        mean, std, to_rgb, ...: of ``mmpretrain.MultiModalDataPreprocessor``.
    """

    def forward(self, data: PairBatch | dict, training: bool = False) -> dict:
        """Keyword arguments for the model's ``forward``: ``batch``, or mmpretrain's."""
        if not isinstance(data, PairBatch):
            return super().forward(data, training)
        batch = data.to(self.device)
        if batch.images is None:
            return {'batch': batch}
        normalise = super().forward
        views = [view for view in (batch.images, batch.second_images) if view is not None]
        views = [normalise({'inputs': view}, training)['images'] for view in views]
        return {'batch': batch.with_images(*views)}
