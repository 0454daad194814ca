"""CLIP's public layouts and PIR-CLIP's checkpoint: the authors' outputs with our model."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch.nn.functional import normalize
from torch.testing import assert_close

from pir_mm.files.weights import named_tensors
from pir_mm.models.converters.clip import VARIANTS, from_open_clip, from_pir_clip

open_clip = pytest.importorskip('open_clip')
EMBEDDING = dict(atol=2e-5, rtol=0)
SMALL = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=64, layers=2, width=64, patch_size=32),
    text_cfg=dict(context_length=9, vocab_size=50, width=64, heads=1, layers=2),
)
RESNET = dict(SMALL, vision_cfg=dict(image_size=64, layers=[1, 2, 1, 1], width=64))
CLASSES = ['CLIP', 'CustomTextCLIP']


def drawn(seed, *shape):
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype('float32'))


def ours(conversion):
    model = MODELS.build(conversion.target).eval()
    model.load_state_dict(conversion.fitted(model.state_dict()))
    return model


@pytest.mark.parametrize('variant', VARIANTS)
def test_gives_what_the_authors_model_gave(golden, variant):
    checkpoint, outputs = golden('pir_clip_small')
    weights = named_tensors(checkpoint, 'golden')
    model = ours(from_pir_clip(weights, variant))
    images = drawn(11, 3, 3, 224, 224)
    with torch.no_grad():
        assert_close(
            model.instruction_encoder.backbone(images)[0], outputs['instruction'], **EMBEDDING
        )
        expected = normalize(outputs[f'image_{variant}'], dim=-1)
        assert_close(model.encode_image(images), expected, **EMBEDDING)
        ids = outputs['token_ids']
        expected = normalize(outputs['text'], dim=-1)
        assert_close(model.encode_text(ids), expected, **EMBEDDING)
    assert model.head.temperatures['clip'].value.item() == pytest.approx(
        float(torch.exp(-weights['logit_scale']))
    )


@pytest.mark.parametrize('kind', CLASSES)
@pytest.mark.parametrize('config', [SMALL, RESNET], ids=['vit', 'resnet'])
@pytest.mark.parametrize(('publisher', 'quick_gelu'), [('open-clip', False), ('openai', True)])
def test_gives_what_open_clip_gives(kind, config, publisher, quick_gelu):
    torch.manual_seed(0)
    theirs = getattr(open_clip, kind)(**config, quick_gelu=quick_gelu).eval()
    for module in theirs.modules():  # a new ResNet ends each block in zeros
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1)
    model = ours(from_open_clip(theirs.state_dict(), publisher))
    images, ids = drawn(0, 3, 3, 64, 64), torch.randint(1, 49, (4, 9))
    ids[:, -1] = 49
    with torch.no_grad():
        assert_close(
            model.encode_image(images), theirs.encode_image(images, normalize=True), **EMBEDDING
        )
        assert_close(model.encode_text(ids), theirs.encode_text(ids, normalize=True), **EMBEDDING)


def test_an_architecture_by_name_tells_the_activation():
    theirs = open_clip.CLIP(**SMALL)
    conversion = from_open_clip(theirs.state_dict(), arch='ViT-B-32-quickgelu')
    assert conversion.target['arch'] == 'ViT-B-32-quickgelu' and not conversion.notes
    (note,) = from_open_clip(theirs.state_dict(), 'skyclip').notes
    assert note.startswith('assumed: the usual activation (GELU), as skyclip trained it')


@pytest.mark.parametrize('name', ['visual.ln_post.weight', 'transformer.resblocks.1.ln_1.bias'])
def test_a_tensor_that_is_missing_or_strange_is_told(name):
    weights = open_clip.CLIP(**SMALL).state_dict()
    cut = {key: value for key, value in weights.items() if key != name}
    with pytest.raises(ValueError, match=name.rpartition('.')[2]):
        ours(from_open_clip(cut))
    with pytest.raises(ValueError, match='decoder.bias is not a weight of a CLIP'):
        from_open_clip(weights | {'decoder.bias': torch.zeros(3)})
    with pytest.raises(ValueError, match='gives the temperature inf'):
        from_open_clip(weights | {'logit_scale': torch.tensor(-1000.0)})
