"""A scene classifier that loads the weights of its backbone whole, or refuses."""

from typing import Any

from mmpretrain.models import ImageClassifier

from pir_mm.models.encoders.backbone import freeze_backbone, load_backbone
from pir_mm.registry import MODELS


@MODELS.register_module()
class SceneClassifier(ImageClassifier):
    """mmpretrain's classifier, with a backbone that is loaded as the encoders' backbones are.

    mmengine's ``Pretrained`` takes from a file what fits, leaves the rest at random and only
    warns. An instruction encoder that is trained from such a start would be worse than its table
    says.

    Args:
        frozen: ``True`` if only the head is trained, or the dotted name of the last module of the
            backbone that is not trained; see :class:`pir_mm.models.encoders.FrozenPart`.
        init: weights of the backbone before training: ``'random'``, or a file with the backbone's
            own names (for a Swin Transformer also Microsoft's). A file that does not fit is
            refused.
        args: of ``mmpretrain.ImageClassifier``.
        kwargs: of ``mmpretrain.ImageClassifier``.
    """

    def __init__(
        self, *args: Any, init: str = 'random', frozen: bool | str = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.init = init
        self.frozen = freeze_backbone(self.backbone, frozen) if frozen else None

    def train(self, mode: bool = True) -> 'SceneClassifier':
        super().train(mode)
        if self.frozen is not None:
            self.frozen.eval()
        return self

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'backbone', option='model.init')
