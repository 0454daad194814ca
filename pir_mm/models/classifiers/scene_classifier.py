"""A scene classifier whose backbone starts from a file, whole or not at all."""

from mmpretrain.models import ImageClassifier

from pir_mm.models.encoders.backbone import load_backbone
from pir_mm.registry import MODELS


@MODELS.register_module()
class SceneClassifier(ImageClassifier):
    """mmpretrain's classifier, with weights that are loaded as those of the encoders are.

    mmengine's own ``Pretrained`` takes of a file what fits and leaves the rest at random, with a
    warning; a prior would then know less than its table says.

    Args:
        init: weights of the backbone before training: ``'random'``, or a file in the backbone's
            own layout (for Swin also Microsoft's), loaded whole or refused.
        args, kwargs: of ``mmpretrain.ImageClassifier``.
    """

    def __init__(self, *args, init: str = 'random', **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.init = init

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'backbone', option='model.init')
