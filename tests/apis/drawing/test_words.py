"""What the words of a sentence take of a picture, by an untrained model of tiny size."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from pir_mm.apis.drawing.seen_picture import see_picture
from pir_mm.apis.drawing.words import draw_word_maps, model_names, word_maps
from tests.models.fusion.tiny import CONFIG, DIM, ITM, build

PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'pond', '##s', 'road', 'near']
PIPELINE = [
    {'type': 'pir_mm.LoadPicture'},
    {'type': 'mmpretrain.Resize', 'scale': (32, 32)},
    {'type': 'mmpretrain.PackInputs', 'algorithm_keys': ['text'], 'meta_keys': ['img_path']},
]
TEXT = 'Ponds near a river.'


@pytest.fixture
def make(tmp_path):
    """Models by changes of the config, with a vocabulary and a test pipeline."""

    def model(backbone=None, **changes):
        (tmp_path / 'vocab.txt').write_text('\n'.join(PIECES) + '\n')
        tokenizer = dict(
            type='pir_mm.WordPieceTokenizer', vocab=str(tmp_path / 'vocab.txt'), max_tokens=16
        )
        changes = {'tokenizer': tokenizer, 'losses': dict(itm=ITM), **changes}
        if backbone:
            changes['image_encoder'] = dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=DIM)
        model = build(**changes)
        for parameter in model.parameters():  # large enough for a small cause to be seen
            parameter.data += 0.1 * torch.randn_like(parameter)
        model.cfg = Config({'test_pipeline': PIPELINE, 'test_dataloader': None})
        return model

    return model


@pytest.fixture
def picture(tmp_path):
    """Noise of 60 by 30."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'pond.png')
    return tmp_path / 'pond.png'


def score_by_match(model, picture):
    images = see_picture(model, picture).images(model)
    one = torch.zeros(1, dtype=torch.long)
    with torch.inference_mode():
        text = model.encode_text_tokens(*model.tokenize([TEXT]))
        return float(model.match(model.encode_image_tokens(images), text, one, one))


def test_words_grid_and_score(make, picture):
    model = make()
    maps = word_maps(model, picture, TEXT, name='tiny')
    assert maps.words == ('[CLS]', 'ponds', 'near', 'a', 'river')
    assert maps.shares.shape == (5, 2, 2) and maps.picture.shape == (30, 60, 3)
    assert (maps.name, maps.layer, maps.layers) == ('tiny', 1, 2)
    np.testing.assert_allclose(maps.shares.sum(axis=(1, 2)) + maps.pooled, 1, atol=1e-6)
    assert maps.log_odds == pytest.approx(score_by_match(model, picture), abs=1e-5)
    assert np.ptp(maps.shares, axis=0).max() > 1e-3


def test_a_word_has_the_mean_of_its_pieces_and_of_the_heads(make, picture):
    model, noted = make(), []
    cross = model.fusion_encoder.layer[1].crossattention
    cross.register_forward_pre_hook(lambda module, given: noted.append(module.shares(*given)))
    maps = word_maps(model, picture, TEXT, layer=2)
    by_piece = noted[0][0].mean(dim=0).numpy()
    assert by_piece.shape == (7, 5)  # [CLS] pond ##s near a [UNK] [SEP]; pooled and four cells
    np.testing.assert_allclose(maps.pooled[1], by_piece[1:3, 0].mean(), atol=1e-7)
    np.testing.assert_allclose(maps.shares[1].flatten(), by_piece[1:3, 1:].mean(axis=0), atol=1e-7)
    np.testing.assert_allclose(maps.shares[4].flatten(), by_piece[5, 1:], atol=1e-7)


def test_layers_differ_and_the_only_one_is_the_default(make, picture):
    model = make()
    first, second = (word_maps(model, picture, TEXT, layer=layer).shares for layer in (1, 2))
    assert np.abs(first - second).max() > 1e-3
    model = make(fusion_encoder={**CONFIG['fusion_encoder'], 'layers': 1})
    assert word_maps(model, picture, TEXT).layer == 1


def test_a_picture_that_keeps_its_shape_has_a_grid_of_that_shape(make, picture):
    resnet = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
    model = make(backbone=resnet)
    edge = {'type': 'mmpretrain.ResizeEdge', 'scale': 64}
    model.cfg.test_pipeline = [PIPELINE[0], edge, PIPELINE[2]]
    maps = word_maps(model, picture, TEXT)
    assert maps.shares.shape == (5, 2, 4) and maps.picture.shape == (30, 60, 3)


def test_the_brightest_cell_is_where_the_image_token_answers(make, picture):
    """One image token answers every query, and its cell has the attention."""
    model = make()
    cross = model.fusion_encoder.layer[0].crossattention.self
    cross.query.weight.data.zero_()
    cross.query.bias.data.fill_(1)
    states = torch.zeros(1, 5, DIM)
    states[0, 1 + 2] = 20 * torch.linalg.solve(cross.key.weight.data, cross.query.bias.data)
    model.encode_image_tokens = lambda images: states
    maps = word_maps(model, picture, TEXT, layer=1)
    assert (maps.shares[:, 1, 0] > 0.99).all()


def test_models_are_drawn_and_nothing_of_them_changes(make, picture, tmp_path):
    models = {'one': make(), 'two': make()}
    before = {name: value.clone() for name, value in models['one'].state_dict().items()}
    drawn = draw_word_maps(models, picture, TEXT, tmp_path / 'deep' / 'words.png')
    assert [maps.name for maps in drawn] == ['one', 'two']
    assert Image.open(tmp_path / 'deep' / 'words.png').width > 1000
    assert all(torch.equal(before[name], v) for name, v in models['one'].state_dict().items())


def test_models_have_the_shortest_names():
    assert model_names([('a/x.py', 'k.pth')]) == ['x']
    assert model_names([('a/x.py', 'k.pth'), ('a/y.py', 'k.pth')]) == ['x', 'y']
    assert model_names([('a/x.py', 'k.pth'), ('b/x.py', 'k.pth')]) == ['a/x', 'b/x']
    assert model_names([('a/x.py', 'k.pth'), ('a/x.py', 'l.pth')]) == ['x k.pth', 'x l.pth']
    with pytest.raises(ValueError, match='are given twice'):
        model_names([('a/x.py', 'k.pth'), ('a/x.py', 'k.pth')])


def test_says_what_is_wrong(make, colour_model, picture, tmp_path):
    model = make()
    with pytest.raises(ValueError, match='grey does not read an image into its words'):
        word_maps(colour_model, picture, TEXT, name='grey')
    for layer in (0, 3):
        with pytest.raises(ValueError, match=f'tiny has no fusion layer {layer}: give one of 1 to'):
            word_maps(model, picture, TEXT, layer, 'tiny')
    with pytest.raises(FileNotFoundError, match='nowhere.png does not exist'):
        word_maps(model, 'nowhere.png', TEXT)
    with pytest.raises(ValueError, match='has no word left'):
        word_maps(model, picture, '...')
    with pytest.raises(ValueError, match='must end in'):
        draw_word_maps({'tiny': model}, picture, TEXT, tmp_path / 'w.jpg')
    model.encode_image_tokens = lambda images: torch.zeros(1, 1 + 7, DIM)
    with pytest.raises(ValueError, match='7 tokens form no grid over a picture of 32 x 32'):
        word_maps(model, picture, TEXT)
    model._tokenizer = lambda texts: None
    with pytest.raises(ValueError, match='tokenizer of tiny, a function, does not tell which'):
        word_maps(model, picture, TEXT, name='tiny')
