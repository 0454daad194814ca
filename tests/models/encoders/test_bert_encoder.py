"""Texts to a pooled vector and tokens, by BERT."""

import pytest
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file
from torch.testing import assert_close

IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
MASK = IDS != 0
SIZES = dict(
    dim=6, vocab_size=20, hidden_size=8, layers=2, heads=2, intermediate_size=16, max_positions=16
)


def build(**settings):
    return MODELS.build(dict(type='pir_mm.BertEncoder', **{**SIZES, **settings})).eval()


def public_names(bert):
    """The same weights as BERT's first release names them, with its heads."""
    weights = {}
    for name, value in bert.state_dict().items():
        name = name.replace('LayerNorm.weight', 'LayerNorm.gamma')
        weights[f'bert.{name.replace("LayerNorm.bias", "LayerNorm.beta")}'] = value * 0.5
    return {
        **weights,
        'bert.embeddings.position_ids': torch.arange(16)[None],
        'bert.pooler.dense.weight': torch.ones(8, 8),
        'cls.predictions.bias': torch.ones(20),
    }


def test_tokens_are_projected_and_the_first_is_pooled():
    encoder = build()
    pooled, tokens = encoder(IDS, MASK)
    hidden = encoder.bert(input_ids=IDS, attention_mask=MASK.long()).last_hidden_state
    assert_close(tokens, hidden @ encoder.projection.weight.T + encoder.projection.bias)
    assert_close(pooled, tokens[:, 0])


def test_defaults_are_bert_base():
    with torch.device('meta'):
        bert = MODELS.build(dict(type='pir_mm.BertEncoder')).bert
    assert len(bert.state_dict()) == 197
    assert sum(p.numel() for p in bert.parameters()) == 108_891_648


@pytest.mark.parametrize('width', [3, 5, 9])
def test_a_text_does_not_depend_on_its_batch(width):
    ids = torch.nn.functional.pad(IDS, (0, max(0, width - 5)))
    pooled, tokens = build()(ids, ids != 0)
    alone_ids = ids[1:, :3]
    torch.manual_seed(0)
    alone, alone_tokens = build()(alone_ids, alone_ids != 0)
    assert_close(pooled[1:], alone)
    assert_close(tokens[1:, :3], alone_tokens)


def test_padding_takes_part_without_the_mask():
    encoder = build(mask_padding=False)
    padded, _ = encoder(IDS, MASK)
    alone, _ = encoder(IDS[1:, :3], MASK[1:, :3])
    assert not torch.allclose(padded[1:], alone, atol=1e-4)
    assert_close(padded, encoder(IDS, torch.ones_like(MASK))[0])


def test_drops_in_training_only():
    encoder = build(dropout=0.5)
    assert_close(encoder(IDS, MASK), encoder(IDS, MASK))
    encoder.train()
    assert not torch.allclose(encoder(IDS, MASK)[0], encoder(IDS, MASK)[0])
    still = build(dropout=0.0).train()
    assert_close(still(IDS, MASK), still(IDS, MASK))


@pytest.mark.parametrize('length', [0, 4])
def test_no_texts_give_no_vectors(length):
    pooled, tokens = build()(torch.zeros(0, length).long(), torch.zeros(0, length).bool())
    assert pooled.shape == (0, 6)
    assert tokens.shape == (0, length, 6)


def test_trains_everything_and_nothing_from_padding():
    encoder = build()
    encoder(IDS, MASK)[0].square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())
    assert encoder.bert.embeddings.position_embeddings.weight.grad[5:].abs().max() == 0


@pytest.mark.parametrize('form', ['file', 'folder', 'safetensors folder'])
def test_starts_from_public_weights(tmp_path, form):
    public = public_names(build().bert)
    if form == 'safetensors folder':
        save_file({n: w.contiguous() for n, w in public.items()}, tmp_path / 'model.safetensors')
    else:
        torch.save(public, tmp_path / 'pytorch_model.bin')
    path = tmp_path / 'pytorch_model.bin' if form == 'file' else tmp_path
    encoder = build(init=str(path))
    encoder.init_weights()
    for name, value in encoder.bert.state_dict().items():
        name = name.replace('LayerNorm.weight', 'LayerNorm.gamma')
        assert_close(value, public[f'bert.{name.replace("LayerNorm.bias", "LayerNorm.beta")}'])


def test_says_what_is_wrong_and_what_to_do(tmp_path):
    advice = 'model.text_encoder.init=random'
    with pytest.raises(FileNotFoundError, match=f'no BERT weights at .*none, .*{advice}'):
        build(init=str(tmp_path / 'none')).init_weights()
    with pytest.raises(FileNotFoundError, match=f'no BERT weights at .*{advice}'):
        build(init=str(tmp_path)).init_weights()
    torch.save(public_names(build().bert), tmp_path / 'w.bin')
    with pytest.raises(ValueError, match=f'36 of its 37 .*word_embeddings.weight.*{advice}'):
        build(init=str(tmp_path / 'w.bin'), vocab_size=21).init_weights()
    with pytest.raises(ValueError, match='left over: encoder.layer.1.'):
        build(init=str(tmp_path / 'w.bin'), layers=1).init_weights()


def test_pools_the_mean_of_the_tokens_without_padding():
    encoder = build(pooling='mean').eval()
    ids, mask = torch.tensor([[2, 5, 3, 0]]), torch.tensor([[True, True, True, False]])
    pooled, tokens = encoder(ids, mask)
    assert_close(pooled, tokens[:, :3].mean(dim=1))
    alone, _ = encoder(ids[:, :3], mask[:, :3])
    assert_close(pooled, alone)


@pytest.mark.parametrize('frozen', [True, 2])
def test_frozen_as_a_whole_it_trains_its_linear_layer_alone(frozen):
    encoder = build(frozen=frozen, dropout=0.5).train()
    ids, mask = torch.tensor([[2, 5, 3], [2, 3, 0]]), torch.tensor([[1, 1, 1], [1, 1, 0]]).bool()
    first, _ = encoder(ids, mask)
    assert torch.equal(first, encoder(ids, mask)[0])  # it drops nothing
    first.sum().backward()
    trained = {name for name, p in encoder.named_parameters() if p.grad is not None}
    assert trained == {'projection.weight', 'projection.bias'}
    features = encoder.frozen_output(ids, mask)
    assert not features.requires_grad
    for got, wanted in zip(encoder(None, mask, features), encoder(ids, mask), strict=True):
        assert_close(got, wanted)


def test_its_lowest_layers_are_frozen_with_the_words():
    encoder = build(frozen=1, dropout=0.5).train()
    ids = torch.tensor([[2, 5, 3]])
    encoder(ids, torch.ones_like(ids).bool())[1].sum().backward()
    still = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    assert still and all(n.startswith(('bert.embeddings.', 'bert.encoder.layer.0.')) for n in still)
    assert all(p.grad is None for n, p in encoder.named_parameters() if n in still)
    assert not encoder.bert.encoder.layer[0].training and encoder.bert.encoder.layer[1].training
    assert encoder.frozen is None  # what it gives changes, so it is not computed once


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(pooling='max'), "pooling must be 'cls' or 'mean', got 'max'"),
        (dict(frozen=3), 'frozen=3 layers of a BERT that has 2'),
    ],
)
def test_a_wrong_word_or_number_is_told(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


def test_takes_the_first_layers_of_a_file_that_has_more(tmp_path):
    torch.save(public_names(build(layers=3).bert), tmp_path / 'w.bin')
    encoder = build(layers=1, file_layers=3, init=str(tmp_path / 'w.bin'))
    encoder.init_weights()
    weights = torch.load(tmp_path / 'w.bin')
    layer = 'encoder.layer.0.attention.self.query.weight'
    assert_close(encoder.bert.state_dict()[layer], weights[f'bert.{layer}'])
    assert len(encoder.bert.encoder.layer) == 1
    other = build(layers=1, file_layers=4, init=str(tmp_path / 'w.bin'))
    with pytest.raises(ValueError, match='is a BERT of 3 layers, .* of one that has 4'):
        other.init_weights()
    with pytest.raises(ValueError, match='layers=3 of a BERT file that has file_layers=2'):
        build(layers=3, file_layers=2)


def test_without_a_width_it_gives_what_bert_gives():
    encoder = build(dim=None)
    pooled, tokens = encoder(IDS, MASK)
    assert_close(tokens[MASK], encoder.bert(IDS, MASK.long()).last_hidden_state[MASK])
    assert encoder.width == pooled.size(-1) == 8 and build().width == 6
    features = build(dim=None, frozen=True).frozen_output(IDS, MASK).bfloat16()
    assert encoder(None, MASK, features)[1].dtype == torch.float32


def test_the_vectors_of_its_words_are_the_parameter_itself():
    encoder = build()
    assert encoder.word_vectors is encoder.bert.embeddings.word_embeddings.weight
