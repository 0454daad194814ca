"""CLIP as a dual encoder, and PIR-CLIP's instruction before its image transformer."""

import sys

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

pytest.importorskip('open_clip')
ARCH = dict(
    embed_dim=16,
    vision_cfg=dict(image_size=64, layers=2, width=64, patch_size=32),
    text_cfg=dict(context_length=12, vocab_size=50, width=64, heads=1, layers=2),
)
PRIOR = dict(
    type='pir_mm.InstructionEncoder',
    backbone=dict(type='pir_mm.clip_resnet', layers=(1, 1, 1, 1), width=4, dim=6, heads=2),
    dim=64,
    trainable=('attnpool.*',),
)
SOFT = dict(type='pir_mm.BeliefSelector', strategy='soft')
HEAD = dict(
    type='pir_mm.RetrievalHead',
    losses=dict(
        contrastive=dict(type='pir_mm.ContrastiveLoss', temperature='clip'),
        affiliation=dict(type='pir_mm.AffiliationLoss', temperature='clip'),
    ),
    temperatures=dict(clip=dict(init=0.07, limits=(0.01, 1.0))),
)


def build(**changes):
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.CLIPRetriever', arch=ARCH, head=HEAD) | changes)


@pytest.fixture
def images():
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def texts(lengths, width):
    """Ids that end in the highest one, padded with zeros."""
    ids = torch.zeros(len(lengths), width, dtype=torch.long)
    for row, length in zip(ids, lengths, strict=True):
        row[:length] = torch.arange(1, length + 1)
        row[length - 1] = 49
    return ids, ids > 0


@pytest.mark.parametrize('batch', [1, 3])
def test_embeddings_are_unit_vectors_of_float32(images, batch):
    model = build(instruction_encoder=PRIOR_64, selector=SOFT).eval()
    with torch.no_grad():
        for embedding in (
            model.encode_image(images[:batch]),
            model.encode_text(*texts([4] * batch, 4)),
        ):
            assert embedding.shape == (batch, 16) and embedding.dtype == torch.float32
            assert_close(embedding.norm(dim=-1), torch.ones(batch))


PRIOR_64 = PRIOR | dict(backbone=PRIOR['backbone'] | dict(img_size=64))


def test_padding_is_not_computed_and_changes_nothing():
    model = build().eval()
    ids, mask = texts([5, 3, 7], 7)
    with torch.no_grad():
        expected = model.encode_text(ids, mask)
        full = torch.nn.functional.pad(ids, (0, 5))
        assert_close(model.encode_text(full), expected)
        for row in range(3):
            assert_close(model.encode_text(ids[row : row + 1]), expected[row : row + 1])
            short = ids[row : row + 1, : int(mask[row].sum())]
            assert_close(model.encode_text(short), expected[row : row + 1])


def test_a_tower_that_sees_all_positions_gets_them():
    arch = ARCH | dict(text_cfg=ARCH['text_cfg'] | dict(no_causal_mask=True, pool_type='last'))
    model = build(arch=arch).eval()
    ids, _ = texts([5, 3], 5)
    with torch.no_grad():
        expected = model.text_encoder.tower(torch.nn.functional.pad(ids, (0, 7)))
        assert_close(model.text_encoder(ids), expected)


def test_no_text_gives_no_embedding():
    empty = torch.zeros(0, 0, dtype=torch.long)
    assert build().encode_text(empty, empty.bool()).shape == (0, 16)


def test_the_instruction_is_the_token_that_is_read_out(images):
    """By brute force: the tower's own parts, one image at a time."""
    model = build(instruction_encoder=PRIOR_64, selector=SOFT).eval()
    tower = model.image_encoder
    with torch.no_grad():
        for image in images.split(1):
            patches = tower.conv1(image).flatten(2).transpose(1, 2)
            first = tower.class_embedding.expand(1, 1, -1)
            tokens = tower.ln_pre(torch.cat([first, patches], dim=1) + tower.positional_embedding)
            instruction = model.instruction_encoder(image)
            weighed = model.selector(tokens, instruction)
            read = tower.transformer(torch.cat([instruction.unsqueeze(1), weighed], dim=1))[:, 0]
            expected = torch.nn.functional.normalize(tower.ln_post(read) @ tower.proj, dim=-1)
            assert_close(model.encode_image(image), expected, atol=1e-5, rtol=0)
    assert not tower.ln_pre._forward_hooks


def test_without_instruction_it_is_clip(images):
    model = build().eval()
    with torch.no_grad():
        expected = torch.nn.functional.normalize(model.image_encoder(images), dim=-1)
        assert_close(model.encode_image(images), expected)


def test_what_is_trained_and_what_is_not(images):
    model = build(instruction_encoder=PRIOR_64, selector=SOFT, frozen_text=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    ids, mask = texts([4, 5, 6], 6)
    image, text = model.encode_image(images), model.encode_text(ids, mask)
    assert not text.requires_grad and not model.text_encoder.training
    (image @ text.T).logsumexp(dim=1).sum().backward()
    names = {name for name, p in model.named_parameters() if p.grad is not None}
    assert not any(name.startswith('text_encoder.') for name in names)
    body = 'instruction_encoder.backbone.'
    assert all('attnpool' in name for name in names if name.startswith(body))
    assert f'{body}attnpool.c_proj.weight' in names
    assert 'image_encoder.conv1.weight' in names and 'instruction_encoder.projection.bias' in names
    for name, value in model.state_dict().items():  # batch statistics stay
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(arch='ViT-B-23'), "knows no architecture 'ViT-B-23': did you mean ViT-B-32?"),
        (dict(arch=dict(embed_dim=3)), 'a CLIP needs vision_cfg, text_cfg'),
        (dict(arch='roberta-ViT-B-32'), 'comes from the Hugging Face hub'),
        (dict(arch='coca_ViT-B-32'), 'has a decoder beside its two towers'),
        (dict(selector=SOFT), 'selector follows an instruction: add instruction_encoder'),
        (dict(instruction_encoder=PRIOR_64 | dict(dim=32)), 'is 64 wide and the instruction 32'),
        (
            dict(
                arch=ARCH | dict(vision_cfg=dict(image_size=64, layers=[1, 1, 1, 1], width=16)),
                instruction_encoder=PRIOR_64,
            ),
            'the image tower is a ModifiedResNet',
        ),
    ],
)
def test_what_cannot_be_is_told(changes, message):
    with pytest.raises(ValueError) as error:
        build(**changes)
    assert message in str(error.value)


LORA = dict(r=2, lora_alpha=4, target_modules=['c_fc', 'c_proj'])


def test_adapters_alone_are_trained_and_begin_without_effect(images, tmp_path):
    pytest.importorskip('peft', reason='peft, of the extra lora, is not installed')
    plain = build().eval()
    torch.save({'state_dict': plain.state_dict()}, tmp_path / 'first.pth')
    model = build(adapters=LORA, init=str(tmp_path / 'first.pth')).eval()
    model.init_weights()
    ids, mask = texts([4, 6, 5], 6)
    with torch.no_grad():
        assert_close(model.encode_image(images), plain.encode_image(images))
        assert_close(model.encode_text(ids, mask), plain.encode_text(ids, mask))
    model.train()
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert all('lora_' in name or name.startswith('head.') for name in trained)
    assert {name.partition('.')[0] for name in trained} == {'image_encoder', 'text_encoder', 'head'}
    logits = model.encode_image(images) @ model.encode_text(ids, mask).T
    torch.nn.functional.cross_entropy(10 * logits, torch.arange(3)).backward()
    moved = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert any('c_fc' in name for name in moved) and any('c_proj' in name for name in moved)
    assert all('lora_' in name for name in moved)
    again = build(adapters=LORA).eval()
    again.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert_close(again.encode_image(images), model.eval().encode_image(images))


def test_adapters_without_peft_are_told(monkeypatch):
    monkeypatch.setitem(sys.modules, 'peft', None)
    with pytest.raises(ModuleNotFoundError, match=r'install it by `pip install "pir_mm\[lora\]"`'):
        build(adapters=LORA)


def test_adapters_of_fused_attention_are_refused():
    pytest.importorskip('peft', reason='peft, of the extra lora, is not installed')
    with pytest.raises(ValueError, match='cannot change the attention of open_clip'):
        build(adapters=dict(r=2, target_modules=['attn']))


def test_too_long_a_text_is_told():
    with pytest.raises(ValueError, match='texts of 13 tokens, and this CLIP has 12 positions'):
        build().encode_text(torch.ones(1, 13, dtype=torch.long))


def test_a_second_stage_starts_from_a_first_and_a_classifier(tmp_path, images):
    first = build()
    torch.save({'state_dict': first.state_dict()}, tmp_path / 'first.pth')
    torch.manual_seed(5)
    second = MODELS.build(
        dict(
            type='pir_mm.CLIPRetriever',
            arch=ARCH,
            head=HEAD,
            init=str(tmp_path / 'first.pth'),
            instruction_encoder=PRIOR_64,
            selector=SOFT,
        )
    )
    second.init_weights()
    for part in ('image_encoder', 'text_encoder'):
        for name, value in getattr(first, part).state_dict().items():
            assert torch.equal(getattr(second, part).state_dict()[name], value)
    broken = {k: v for k, v in first.state_dict().items() if 'ln_final' not in k}
    torch.save({'state_dict': broken}, tmp_path / 'first.pth')
    with pytest.raises(ValueError, match=r'does not fit text_encoder: .*model\.init=random'):
        second.init_weights()
    (tmp_path / 'first.pth').unlink()
    with pytest.raises(FileNotFoundError, match='start without it by'):
        second.init_weights()
