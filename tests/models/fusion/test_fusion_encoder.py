"""Texts read images by the later layers of BERT."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.fusion.fusion_encoder import FusionLayer
from pir_mm.structures.text_states import TextStates
from tests.models.fusion.encoder import DIM, HEADS, IMAGE_DIM, SIZES, build

TEXT_SIZES = dict(vocab_size=60, hidden_size=DIM, heads=HEADS, intermediate_size=64)
IMAGE, TEXT = torch.tensor([0, 2, 2, 1, 0, 2]), torch.tensor([3, 0, 1, 1, 2, 2])


def attention(module, tokens, source):
    """By loops over heads and tokens."""
    query, (key, value) = module.self.query(tokens), module.keys(source)
    width = query.size(-1) // HEADS
    rows = []
    for i in range(len(query)):
        parts = []
        for head in range(HEADS):
            own = slice(head * width, (head + 1) * width)
            scores = torch.stack([query[i, own] @ k[own] for k in key]) / width**0.5
            weights = scores.softmax(0)
            parts.append(sum(w * v[own] for w, v in zip(weights, value, strict=True)))
        rows.append(torch.cat(parts))
    return module.output.LayerNorm(tokens + module.output.dense(torch.stack(rows)))


def pair_by_loops(encoder, image, tokens):
    for layer in encoder.layer:
        tokens = attention(layer.attention, tokens, tokens)
        tokens = attention(layer.crossattention, tokens, image)
        inner = torch.nn.functional.gelu(layer.intermediate.dense(tokens))
        tokens = layer.output.LayerNorm(tokens + layer.output.dense(inner))
    return tokens


@pytest.mark.parametrize('pairs', [slice(0, 1), slice(0, 6)])
def test_a_pair_is_what_loops_over_its_tokens_give(images, text, pairs):
    encoder = build()
    image, row = IMAGE[pairs], TEXT[pairs]
    joint = encoder(encoder.read_images(images), text, image, row)
    assert joint.shape == (len(row), 6, DIM)
    for one, i, t in zip(joint, image, row, strict=True):
        shown = text.mask[t]
        assert_close(one[shown], pair_by_loops(encoder, images[i], text.tokens[t, shown]))


def test_a_layer_with_nothing_to_see_is_the_layer_of_bert():
    from transformers import BertConfig, BertModel

    sizes = dict(vocab_size=60, hidden_size=DIM, num_attention_heads=HEADS, num_hidden_layers=1)
    bert = BertModel(BertConfig(**sizes, intermediate_size=64), add_pooling_layer=False)
    bert = bert.double().eval()
    layer = FusionLayer(DIM, IMAGE_DIM, HEADS, 64, 0.1).double().eval()
    missing, unexpected = layer.load_state_dict(bert.encoder.layer[0].state_dict(), strict=False)
    assert all(n.startswith('crossattention.') for n in missing) and not unexpected
    torch.nn.init.zeros_(layer.crossattention.output.dense.weight)
    torch.nn.init.zeros_(layer.crossattention.output.dense.bias)
    ids = torch.tensor([[2, 7, 8, 3], [2, 9, 3, 0]])
    mask = (ids > 0)[:, None, None]
    tokens = layer.read_text(bert.embeddings(ids), mask)
    got = layer.read_image(tokens, layer.crossattention.keys(torch.zeros(2, 1, IMAGE_DIM).double()))
    wanted = bert(input_ids=ids, attention_mask=(ids > 0).long()).last_hidden_state
    assert_close(got[ids > 0], wanted[ids > 0])


def test_sizes_are_those_of_the_paper():
    with torch.device('meta'):
        fusion = MODELS.build(dict(type='pir_mm.FusionEncoder'))
        text = MODELS.build(dict(type='pir_mm.BertEncoder', dim=None, layers=6, file_layers=12))
    cross = [p for n, p in fusion.named_parameters() if '.crossattention.' in n]
    assert sum(p.numel() for p in fusion.parameters()) == 56_710_656
    assert sum(p.numel() for p in cross) == 6 * 2_363_904
    assert sum(p.numel() for p in text.bert.encoder.parameters()) == 42_527_232
    assert sum(p.numel() for p in text.parameters()) == 23_837_184 + 42_527_232
    assert not any('crossattention' in name for name in text.state_dict())


def test_the_last_token_is_seen_by_the_first_and_padding_by_none(images, text):
    encoder = build()
    keys = encoder.read_images(images)

    def joint(states):
        return encoder(keys, states, IMAGE, TEXT)[:, 0]

    plain = joint(text)
    last = text.tokens.clone()
    last[2, 5] += 1  # the last token of text 2, which the last two pairs read
    moved = (joint(text._replace(tokens=last)) - plain).abs().amax(dim=1)
    assert (moved > 1e-3).tolist() == [False] * 4 + [True] * 2
    noise = text.tokens.masked_fill(~text.mask.unsqueeze(-1), 9.0)
    assert_close(joint(text._replace(tokens=noise)), plain)
    longer = TextStates(
        torch.nn.functional.pad(noise, (0, 0, 0, 3), value=7.0),
        torch.nn.functional.pad(text.mask, (0, 3)),
    )
    assert_close(joint(longer), plain)
    assert_close(joint(longer.cut(6)), plain)


def test_the_image_counts_and_the_order_of_its_tokens_does_not(images, text):
    encoder = build()
    joint = encoder(encoder.read_images(images), text, IMAGE, TEXT)
    swapped = encoder(encoder.read_images(images.flip(0)), text, IMAGE, TEXT)
    moved = (swapped - joint)[:, 0].abs().amax(dim=1)
    assert (moved > 1e-3).tolist() == [i != 1 for i in IMAGE.tolist()]
    shuffled = encoder(encoder.read_images(images[:, [3, 0, 4, 1, 2]]), text, IMAGE, TEXT)
    assert_close(shuffled, joint)


def test_keys_of_an_image_are_computed_once_for_all_its_texts(images, text):
    encoder, rows = build(), []
    for layer in encoder.layer:
        layer.crossattention.self.key.register_forward_hook(
            lambda module, given, result: rows.append(len(given[0]))
        )
    encoder.layer[0].attention.self.query.register_forward_hook(
        lambda module, given, result: rows.append(len(given[0]))
    )
    encoder(encoder.read_images(images), text, IMAGE, TEXT)
    assert rows == [3, 3, 4]  # images of both layers, then texts of the first


def test_texts_in_a_row_read_an_image_together(images, text):
    encoder = build()
    keys, rows = encoder.read_images(images), torch.tensor([1, 2, 0, 3])
    read = encoder.read_texts(text).rows(rows)
    pairs = encoder.read_pairs((layer.rows(torch.tensor([2, 0])) for layer in keys), read)
    assert_close(pairs, encoder(keys, text, torch.tensor([2, 2, 0, 0]), rows))


def test_trains_every_part_and_only_what_the_pairs_read(images, text):
    encoder = build()
    images.requires_grad_(), text.tokens.requires_grad_()
    joint = encoder(encoder.read_images(images), text, IMAGE[:3], TEXT[:3])
    joint[:, 0].square().sum().backward()
    # the first token alone: what its last layer does to the others does not count
    assert all(p.grad is not None for p in encoder.parameters())
    assert (images.grad.abs().amax(dim=(1, 2)) > 0).tolist() == [True, False, True]
    assert torch.equal(text.tokens.grad.abs().amax(dim=2) > 0, text.mask & TEXTS_READ)


TEXTS_READ = torch.tensor([[True], [True], [False], [True]])


def test_drops_in_training_only(images, text):
    encoder = build(dropout=0.5)
    keys = encoder.read_images(images)
    assert_close(encoder(keys, text, IMAGE, TEXT), encoder(keys, text, IMAGE, TEXT))
    encoder.train()
    first, second = (encoder(keys, text, IMAGE, TEXT) for _ in range(2))
    assert not torch.allclose(first, second)


def test_under_bfloat16_it_gives_nearly_the_same(images, text):
    encoder, images = build().float(), images.float()
    text = text._replace(tokens=text.tokens.float())
    wanted = encoder(encoder.read_images(images), text, IMAGE, TEXT)[:, 0]
    with torch.autocast('cpu', torch.bfloat16):
        joint = encoder(encoder.read_images(images), text, IMAGE, TEXT)[:, 0]
    assert (joint - wanted).abs().max() < 0.1 * wanted.abs().max()


@pytest.fixture
def bert_file(tmp_path):
    """A BERT of four layers with the names of the first release, each tensor of its own values."""
    bert = MODELS.build(dict(type='pir_mm.BertEncoder', dim=None, layers=4, **TEXT_SIZES)).bert
    weights = {}
    for number, (name, value) in enumerate(bert.state_dict().items()):
        name = name.replace('LayerNorm.weight', 'LayerNorm.gamma')
        name = name.replace('LayerNorm.bias', 'LayerNorm.beta')
        weights[f'bert.{name}'] = torch.full_like(value, 0.1 * number)
    torch.save({**weights, 'bert.pooler.dense.bias': torch.ones(3)}, tmp_path / 'bert.bin')
    return str(tmp_path / 'bert.bin'), bert.state_dict(), weights


def test_starts_as_the_last_layers_of_the_file_and_names_what_is_fresh(bert_file):
    path, names, weights = bert_file
    cfg = dict(type='pir_mm.FusionEncoder', **SIZES, intermediate_size=64, init=path)
    fusion = MODELS.build(cfg)
    fresh = {n: v.clone() for n, v in fusion.state_dict().items() if '.crossattention.' in n}
    logged = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            'pir_mm.models.fusion.fusion_encoder.print_log', lambda line, _: logged.append(line)
        )
        fusion.init_weights()
    state = fusion.state_dict()
    for name in names:
        if name.startswith('encoder.layer.2') or name.startswith('encoder.layer.3'):
            own = f'layer.{int(name[14]) - 2}{name[15:]}'
            public = name.replace('LayerNorm.weight', 'LayerNorm.gamma')
            public = public.replace('LayerNorm.bias', 'LayerNorm.beta')
            assert_close(state.pop(own), weights[f'bert.{public}'])
    assert state.keys() == fresh.keys()
    assert_close(state, fresh)
    (line,) = logged
    assert line.startswith('fusion_encoder: 32 tensors are those of layers 2 to 3 of ')
    assert all(name in line for name in fresh) and '20 are fresh' in line


def test_fresh_weights_are_those_that_bert_starts_with():
    torch.manual_seed(0)
    fusion = MODELS.build(dict(type='pir_mm.FusionEncoder', dim=96, layers=1))
    for name, value in fusion.named_parameters():
        if name.endswith('LayerNorm.weight'):
            assert (value == 1).all()
        elif name.endswith('bias'):
            assert (value == 0).all()
        else:
            assert value.std().item() == pytest.approx(0.02, rel=0.05)
            assert abs(value.mean().item()) < 0.001


def test_says_what_is_wrong_and_what_to_do(bert_file, tmp_path):
    path, *_ = bert_file
    with pytest.raises(ValueError, match='is a BERT of 4 layers, .*the parts of one that has 3'):
        build(init=path, first_layer=1).init_weights()
    with pytest.raises(ValueError, match='is a BERT of 4 layers, .*one that has 6'):
        build(init=path, first_layer=4).init_weights()
    advice = 'model.fusion_encoder.init=random'
    with pytest.raises(FileNotFoundError, match=f'no BERT weights at .*none, .*{advice}'):
        build(init=str(tmp_path / 'none')).init_weights()
    with pytest.raises(ValueError, match=f'does not fit fusion_encoder: .*instead.*{advice}'):
        build(init=path, intermediate_size=16).init_weights()
    with pytest.raises(ValueError, match='heads=5 do not divide dim=32'):
        build(heads=5)
    with pytest.raises(ValueError, match='layers must be at least 1, got 0'):
        build(layers=0)
