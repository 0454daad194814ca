"""ResNets trained on AID by Remote Sensing Pretraining."""

import pytest

from pir_mm.models.converters.rsp_aid import from_rsp_aid
from tests.models.converters.layout_files import resnet


def test_is_a_resnet_bare_of_its_thirty_classes():
    conversion = from_rsp_aid(resnet(classes=30))
    assert conversion.target['type'] == 'mmpretrain.ResNet'
    assert conversion.dropped == {'classifier': ['fc.weight', 'fc.bias']}
    assert len(conversion.weights) == len(resnet()) - 2


def test_another_classifier_is_another_data_set():
    with pytest.raises(ValueError, match='knows 51 classes and AID has 30: .* torchvision'):
        from_rsp_aid(resnet(classes=51))
    weights = {n: w for n, w in resnet().items() if not n.startswith('fc.')}
    with pytest.raises(ValueError, match='missing: fc.weight'):
        from_rsp_aid(weights)
