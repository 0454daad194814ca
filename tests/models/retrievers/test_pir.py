"""PIR puts its parts together, all of them or fewer."""

import pytest
import torch
from torch.testing import assert_close

WITHOUT = dict(instruction_encoder=None, selector=None, spatial_pae=None)
STACK = dict(type='pir_mm.SelfAttentionStack', dim=8, layers=2, heads=2)
UNMASKED = dict(type='pir_mm.TemporalPAE', dim=8, layers=1, heads=2, mask_padding=False)
BLIND = dict(
    type='pir_mm.ImageEncoder',
    backbone=dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4),
    dim=8,
    with_tokens=False,
)
GRU = dict(type='pir_mm.GRUEncoder', dim=8, vocab_size=64, word_size=4, hidden_size=8)
ABLATIONS = {
    'whole': {},
    'no choice': dict(selector=None),
    'soft choice': dict(selector=dict(type='pir_mm.BeliefSelector', strategy='soft')),
    'no picture side': WITHOUT,
    'no text side': dict(temporal_pae=None),
    'baseline': dict(WITHOUT, temporal_pae=None),
    'plain attention': dict(
        WITHOUT,
        spatial_pae=STACK,
        temporal_pae=STACK,
        embedding=dict(type='pir_mm.JoinedEmbedding', dim=8, add_global=False),
    ),
    'read word by word': dict(text_encoder=GRU),
}
IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])


def unit(vectors):
    return vectors / vectors.norm(dim=-1, keepdim=True)


def test_the_picture_side_is_the_papers_chain(build, images):
    model = build()
    pooled, tokens = model.image_encoder(images)
    instruction = model.instruction_encoder(images)
    candidates = torch.cat([pooled[:, None], tokens], dim=1)
    belief = torch.einsum('bnd,bd->bn', candidates, instruction).softmax(-1)
    first = belief.argsort(dim=-1, descending=True)[:, :3]
    kept = torch.stack([c[f] for c, f in zip(candidates, first, strict=True)])
    local = model.spatial_pae(kept, instruction)[:, 0]
    expected = unit(pooled + model.join_image.local(local))
    assert_close(model.encode_image(images), expected)


def test_without_a_choice_all_candidates_are_taken_global_one_first(build, images):
    model = build(selector=None)
    pooled, tokens = model.image_encoder(images)
    local = model.spatial_pae(
        torch.cat([pooled[:, None], tokens], dim=1), model.instruction_encoder(images)
    )
    expected = unit(pooled + model.join_image.local(local[:, 0]))
    assert_close(model.encode_image(images), expected)


def test_the_text_side_is_the_papers_chain(build):
    model = build()
    pooled, tokens = model.text_encoder(IDS, IDS != 0)
    local = model.temporal_pae(tokens, IDS != 0)[:, 0]
    assert_close(model.encode_text(IDS, IDS != 0), unit(pooled + model.join_text.local(local)))


def test_the_baseline_is_two_encoders_and_nothing_else(build, images):
    model = build(**ABLATIONS['baseline'])
    assert {name for name, part in model.named_children() if list(part.parameters())} == {
        'image_encoder',
        'text_encoder',
        'head',
    }
    assert_close(model.encode_image(images), unit(model.image_encoder(images)[0]))
    assert_close(model.encode_text(IDS, IDS != 0), unit(model.text_encoder(IDS, IDS != 0)[0]))


def test_plain_attention_takes_the_place_of_the_global_vector(build, images):
    model = build(**ABLATIONS['plain attention'])
    pooled, tokens = model.image_encoder(images)
    local = model.spatial_pae(torch.cat([pooled[:, None], tokens], dim=1))[:, 0]
    assert_close(model.encode_image(images), unit(model.join_image.local(local)))
    local = model.temporal_pae(model.text_encoder(IDS, IDS != 0)[1], IDS != 0)[:, 0]
    assert_close(model.encode_text(IDS, IDS != 0), unit(model.join_text.local(local)))


@pytest.mark.parametrize('name', ABLATIONS)
def test_every_ablation_trains_all_that_it_has(build, batch, name):
    model = build(**ABLATIONS[name]).train()
    # more texts than one per picture, so that no loss is zero
    losses = model(batch=batch(['a b'], ['c', 'd e'], ['f'], scene=[0, 1, 1]), mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    idle = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert idle == []


@pytest.mark.parametrize('name', ABLATIONS)
def test_embeddings_are_unit_float32_and_do_not_depend_on_the_batch(build, images, name):
    model = build(**ABLATIONS[name])
    with torch.no_grad():
        image, text = model.encode_image(images), model.encode_text(IDS, IDS != 0)
        assert_close(model.encode_image(images[1:2]), image[1:2])
        assert_close(model.encode_text(IDS[1:, :3], IDS[1:, :3] != 0), text[1:])
        assert_close(image.norm(dim=-1), torch.ones(3))
        assert_close(text.norm(dim=-1), torch.ones(2))
        with torch.autocast('cpu', dtype=torch.bfloat16):
            rounded = model.encode_image(images), model.encode_text(IDS, IDS != 0)
    for low, full in zip(rounded, (image, text), strict=True):
        assert low.dtype == torch.float32
        assert_close(low, full, atol=0.05, rtol=0)
        assert_close(low.norm(dim=-1), torch.ones(len(low)))


@pytest.mark.parametrize('length', [0, 1, 4])
@pytest.mark.parametrize('name', ABLATIONS)
def test_no_text_is_no_embedding(build, name, length):
    nothing = torch.zeros(0, length)
    assert build(**ABLATIONS[name]).encode_text(nothing.long(), nothing.bool()).shape == (0, 8)


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (dict(instruction_encoder=None), 'selector follows an instruction: add instruction_enc'),
        (dict(instruction_encoder=None, selector=None), 'spatial_pae follows an instruction'),
        (dict(spatial_pae=STACK), 'instruction_encoder without spatial_pae that follows it'),
        (dict(spatial_pae=STACK, instruction_encoder=None), 'selector follows an instruction'),
        (dict(spatial_pae=None), 'instruction_encoder without spatial_pae'),
        (dict(spatial_pae=None, selector=None), 'instruction_encoder without spatial_pae'),
        (dict(image_encoder=BLIND), 'image_encoder gives none: set with_tokens=True'),
        (dict(temporal_pae=UNMASKED), 'of temporal_pae .* text_groups=4 .* set text_groups=1'),
    ],
)
def test_a_part_of_no_use_alone_is_refused(build, changes, reason):
    with pytest.raises(ValueError, match=reason):
        build(**changes)


def test_padding_may_stay_unmasked_in_one_group(build):
    build(temporal_pae=UNMASKED, text_groups=1)


def test_building_leaves_the_config_alone(build):
    embedding = dict(type='pir_mm.JoinedEmbedding', dim=8)
    build(embedding=embedding, temporal_pae=None)
    assert embedding == dict(type='pir_mm.JoinedEmbedding', dim=8)


def test_size_of_the_paper(build):
    """184.6 million weights, 161.1 without the prior's backbone, as the authors' code counts."""
    swin = dict(type='mmpretrain.SwinTransformer', arch='tiny')
    resnet = dict(type='mmpretrain.ResNet', depth=50)
    model = build(
        image_encoder=dict(type='pir_mm.ImageEncoder', backbone=swin),
        text_encoder=dict(type='pir_mm.BertEncoder'),
        instruction_encoder=dict(type='pir_mm.InstructionEncoder', backbone=resnet),
        selector=dict(type='pir_mm.BeliefSelector'),
        spatial_pae=dict(type='pir_mm.SpatialPAE'),
        temporal_pae=dict(type='pir_mm.TemporalPAE'),
        embedding=None,
    )
    count = sum(p.numel() for p in model.parameters())
    prior = sum(p.numel() for p in model.instruction_encoder.backbone.parameters())
    assert (count, count - prior) == (184_642_492, 161_134_460)


def test_a_second_stage_starts_from_the_first(build, tmp_path):
    first = build(**ABLATIONS['baseline'])
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.normal_()
    torch.save(first.state_dict(), tmp_path / 'first.pth')
    second, alone = (build(init=init) for init in (str(tmp_path / 'first.pth'), 'random'))
    for model in (second, alone):
        torch.manual_seed(0)
        model.init_weights()
    given, got = first.state_dict(), second.state_dict()
    assert all(torch.equal(got[name], value) for name, value in given.items())
    added = {name.partition('.')[0] for name in got.keys() - given.keys()}
    assert added == {
        'instruction_encoder',
        'spatial_pae',
        'temporal_pae',
        'join_image',
        'join_text',
    }
    fresh = alone.state_dict()
    assert all(torch.equal(got[name], fresh[name]) for name in got.keys() - given.keys())


def test_a_first_stage_that_does_not_fit_is_refused(build, tmp_path):
    whole = build()
    torch.save(whole.state_dict(), tmp_path / 'whole.pth')
    with pytest.raises(ValueError, match='does not fit this model.*left over: .*model.init=random'):
        build(init=str(tmp_path / 'whole.pth'), **ABLATIONS['baseline']).init_weights()
    part = {n: t for n, t in whole.state_dict().items() if 'text_encoder' not in n}
    torch.save(part, tmp_path / 'part.pth')
    with pytest.raises(ValueError, match='missing: text_encoder'):
        build(init=str(tmp_path / 'part.pth')).init_weights()
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        build(init=str(tmp_path / 'nowhere.pth')).init_weights()
