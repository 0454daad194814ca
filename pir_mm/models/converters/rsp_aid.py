"""ResNet weights of Remote Sensing Pretraining, trained on the scenes of AID."""

from collections.abc import Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, shape_of
from pir_mm.models.converters.torchvision_resnet import from_torchvision_resnet

CLASSES = 30


def from_rsp_aid(weights: Mapping[str, Tensor]) -> Conversion:
    """``model`` of a file of Wang et al., *An Empirical Study of Remote Sensing Pretraining*,
    TGRS 2022, bare of its classifier, for ``mmpretrain.ResNet``.

    Raises:
        ValueError: if the classifier does not tell AID's 30 classes apart, or is not there.
    """
    classes = shape_of(weights, 'fc.weight', 2)[0]
    if classes != CLASSES:
        raise ValueError(
            f'its classifier knows {classes} classes and AID has {CLASSES}: a ResNet trained on '
            'something else is converted by the layout torchvision'
        )
    return from_torchvision_resnet(weights)
