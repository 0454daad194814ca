"""A model for sentences alone: no image encoder is built, none of its weights is read."""

import os

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.engine import trained_model
from tests.models.retrievers.conftest import CONFIG

ARCH = dict(
    embed_dim=16,
    vision_cfg=dict(image_size=64, layers=2, width=64, patch_size=32),
    text_cfg=dict(context_length=12, vocab_size=50, width=64, heads=1, layers=2),
)
CLIP = dict(type='pir_mm.CLIPRetriever', arch=ARCH, head=dict(type='pir_mm.RetrievalHead'))
KINDS = {'pir': CONFIG, 'baseline': CONFIG, 'clip': CLIP}
LOADER = dict(dataset=dict(pipeline=[dict(type='pir_mm.LoadPicture')]))
IDS = torch.tensor([[1, 7, 49, 0], [1, 3, 9, 49]])


@pytest.fixture(params=list(KINDS))
def trained(request, tmp_path):
    """Config, checkpoint and whole model of one kind."""
    if request.param == 'clip':
        pytest.importorskip('open_clip')
    model = dict(KINDS[request.param])
    if request.param == 'baseline':
        model |= dict.fromkeys(('instruction_encoder', 'selector', 'spatial_pae', 'temporal_pae'))
    config = Config(dict(model=model, test_dataloader=LOADER))
    torch.manual_seed(3)
    whole = trained_model(config, None)
    torch.save({'state_dict': whole.state_dict()}, tmp_path / 'a.pth')
    return config, tmp_path / 'a.pth', trained_model(config, tmp_path / 'a.pth')


def test_encodes_texts_as_the_whole_model_does(trained):
    config, checkpoint, whole = trained
    half = trained_model(config, checkpoint, text_only=True)
    with torch.no_grad():
        assert_close(half.encode_text(IDS, IDS > 0), whole.encode_text(IDS, IDS > 0))
    assert half.text_only and not whole.text_only and not half.training


def test_has_no_image_encoder(trained):
    config, checkpoint, whole = trained
    half = trained_model(config, checkpoint, text_only=True)
    names = set(half.state_dict())
    assert not [name for name in names if name.startswith(whole.image_side)]
    assert names == {name for name in whole.state_dict() if not name.startswith(whole.image_side)}
    for part in ('image_encoder', 'instruction_encoder', 'spatial_pae', 'join_image'):
        assert not hasattr(half, part)
    size = sum(parameter.numel() for parameter in half.parameters())
    assert 0 < size < 0.8 * sum(parameter.numel() for parameter in whole.parameters())


def test_none_is_built_but_what_open_clip_needs(trained, monkeypatch):
    config, checkpoint, _ = trained
    built = []
    build = type(MODELS).build

    def noting(registry, cfg, *args, **kwargs):
        built.append(cfg['type'].split('.')[-1])
        return build(registry, cfg, *args, **kwargs)

    monkeypatch.setattr(type(MODELS), 'build', noting)
    half = trained_model(config, checkpoint, text_only=True)
    assert built and not {'ImageEncoder', 'InstructionEncoder', 'ResNet'} & set(built)
    if hasattr(half.text_encoder, 'tower'):
        assert not [m for m in half.modules() if isinstance(m, torch.nn.Conv2d)]


def test_weights_of_the_image_encoder_are_not_read(trained):
    """Bytes of theirs that are changed in the file change nothing."""
    config, checkpoint, whole = trained
    content = bytearray(checkpoint.read_bytes())
    for name, tensor in whole.state_dict().items():
        raw = tensor.numpy().tobytes()
        if name.startswith(whole.image_side) and tensor.numel() > 50 and tensor.std() > 0:
            start = content.index(raw)
            content[start : start + len(raw)] = os.urandom(len(raw))
    checkpoint.write_bytes(content)
    half = trained_model(config, checkpoint, text_only=True)
    for name, tensor in half.state_dict().items():
        assert_close(tensor, whole.state_dict()[name])


def test_is_known_as_the_text_side_of_the_same_model(trained):
    config, checkpoint, whole = trained
    half = trained_model(config, checkpoint, text_only=True)
    ours, theirs = model_fingerprint(whole, 8), model_fingerprint(half, 8)
    assert theirs.weights_sha256 == '' and theirs.text_sha256 == ours.text_sha256 != ''
    assert ours.differences(theirs) == [] == theirs.differences(ours)
    with torch.no_grad():
        next(half.text_encoder.parameters()).add_(1)
    (difference,) = ours.differences(model_fingerprint(half, 8))
    assert difference.startswith(f'weights (sha256 {ours.text_sha256[:12]} against')


def test_another_checkpoint_is_refused(trained, tmp_path):
    config, checkpoint, whole = trained
    weights = whole.state_dict()
    weights.pop(next(name for name in weights if name.startswith('text_encoder.')))
    torch.save(weights, checkpoint)
    with pytest.raises(ValueError, match='is not a checkpoint of this model: .* missing: text_enc'):
        trained_model(config, checkpoint, text_only=True)
    torch.save({**whole.state_dict(), 'other.weight': torch.ones(2)}, checkpoint)
    with pytest.raises(ValueError, match='left over: other.weight'):
        trained_model(config, checkpoint, text_only=True)


def test_a_kind_that_cannot_do_without_is_loaded_whole():
    class Other(MODELS.get('pir_mm.PIR')):
        image_side = ()

    MODELS.register_module(name='OtherPIR', module=Other, force=True)
    model = trained_model(Config(dict(model={**CONFIG, 'type': 'OtherPIR'})), None, text_only=True)
    assert hasattr(model, 'image_encoder') and not model.text_only
