"""A second model reads the best results again, in its own way, and says how long it took."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import MultiModalDataPreprocessor
from PIL import Image
from torch import nn

from pir_mm.apis import cascade_search, index_pictures, open_index, rerank, rerank_index
from pir_mm.apis.search.tile_reading import READ_SIDE
from pir_mm.search import TileSource, Tiling
from pir_mm.structures.ranking import Ranking
from pir_mm.structures.text_states import TextStates

WORDS = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255), 'grey': (99, 99, 99)}
PIPELINE = [
    {'type': 'pir_mm.LoadPicture'},
    {'type': 'mmpretrain.Resize', 'scale': (4, 4)},
    {'type': 'mmpretrain.PackInputs', 'algorithm_keys': ['text'], 'meta_keys': ['img_path']},
]


class LastColour(nn.Module):
    """A fusion model: a picture fits a sentence as its colour is near the last colour named."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.data_preprocessor = MultiModalDataPreprocessor(mean=[0, 0, 0], std=[1, 1, 1])
        self.data_preprocessor.to_rgb = True
        self.cfg = Config({'model': {}, 'test_dataloader': {'dataset': {'pipeline': PIPELINE}}})
        self.pictures, self.sentences, self.pairs = [], [], 0
        self.eval()

    def encode_image_tokens(self, images):
        self.pictures.append(tuple(images.shape))
        return images.mean(dim=(2, 3)).unsqueeze(1).expand(-1, 2, -1)

    def tokenize(self, texts):
        self.sentences += texts
        rows = [[list(WORDS).index(w) + 1 for w in t.split() if w in WORDS] for t in texts]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        return ids, ids > 0

    def encode_text_tokens(self, token_ids, token_mask):
        return TextStates(token_ids.unsqueeze(-1).float(), token_mask)

    def match(self, images, texts, image_index, text_index):
        self.pairs += len(image_index)
        last = texts.mask.sum(dim=1) - 1
        word = texts.tokens[torch.arange(len(last)), last, 0].long()
        colour = torch.tensor([(0, 0, 0), *WORDS.values()], dtype=torch.float32)[word]
        return -(images[image_index, 0] - colour[text_index]).norm(dim=1) / 100


@pytest.fixture
def fusion():
    return LastColour()


@pytest.fixture
def gallery(pictures):
    return [pictures / name for name in ('red.png', 'green.png', 'blue.jpg', 'grey.tif')]


@pytest.fixture
def index(colour_model, gallery, tmp_path):
    index_pictures(gallery, colour_model, tmp_path / 'index')
    return open_index(tmp_path / 'index')


def names(index, ranking):
    return [[Path(t.source).stem for t in index.tiles(row.tolist())] for row in ranking.ids]


def test_the_first_k_are_read_again_and_the_others_follow(colour_model, fusion, index):
    """By the first colour, grey is next to each; by the last, it is red before grey."""
    plain = rerank_index(index, colour_model, fusion, ['green then red'], 4, rerank_top=1)
    before = names(index, plain.ranking)[0]
    assert before[:2] == ['green', 'grey']
    whole = rerank_index(index, colour_model, fusion, ['green then red'], 4, rerank_top=99)
    assert names(index, whole.ranking)[0][:2] == ['red', 'grey']
    two = rerank_index(index, colour_model, fusion, ['green then red'], 4, rerank_top=2)
    assert names(index, two.ranking)[0] == ['grey', 'green', *before[2:]]
    assert (np.diff(two.ranking.scores) <= 0).all()


def test_fewer_results_than_are_read_again(colour_model, fusion, index):
    found = rerank_index(index, colour_model, fusion, ['green then red'], top_k=1, rerank_top=4)
    assert names(index, found.ranking) == [['red']]
    found = rerank_index(index, colour_model, fusion, ['green then red'], top_k=3, rerank_top=1)
    assert found.ranking.ids.shape == (1, 3)


def test_each_stage_sees_pictures_and_words_in_its_own_way(colour_model, fusion, index, pictures):
    queries = ['blue sea', pictures / 'red.png', 'blue sea']
    colour_model.image_batches.clear()
    rerank_index(index, colour_model, fusion, queries, 4, 3)
    assert {shape[1:] for shape in fusion.pictures} == {(3, 4, 4)}
    assert fusion.sentences == ['blue sea']  # equal sentences are read once
    assert sum(shape[0] for shape in fusion.pictures) <= 4 + 1  # gallery, and one query
    assert fusion.pairs == 3 and colour_model.image_batches == [1]


def test_a_picture_is_compared_by_the_pooled_vectors(colour_model, fusion, index, pictures):
    found = rerank_index(index, colour_model, fusion, [pictures / 'blue.jpg'], 4, 4)
    assert names(index, found.ranking)[0][:2] == ['blue', 'grey']
    assert found.ranking.scores[0, :2] == pytest.approx([1, 3**-0.5], abs=0.01)


def test_of_a_picture_that_was_cut_each_tile_is_read_again_by_itself(
    colour_model, fusion, tmp_path
):
    pixels = np.zeros((32, 64, 3), dtype=np.uint8)
    pixels[:, :32, 2], pixels[:, 32:, 0] = 255, 255
    Image.fromarray(pixels).save(tmp_path / 'blue_and_red.png')
    index_pictures([tmp_path / 'blue_and_red.png'], colour_model, tmp_path / 'i', tiling=Tiling(32))
    index = open_index(tmp_path / 'i')
    for word, column in (('red', 32), ('blue', 0)):
        found = rerank_index(index, colour_model, fusion, [f'green then {word}'], 2, 2)
        first, second = index.tiles(found.ranking.ids[0].tolist())
        assert first.window == (column, 0, 32, 32) != second.window
        assert found.ranking.scores[0].tolist() == pytest.approx([0, -(2**0.5) * 2.55])


def test_a_tile_is_read_again_at_the_size_at_which_the_index_read_it(
    colour_model, fusion, tmp_path, monkeypatch
):
    Image.new('RGB', (64, 32), 'red').save(tmp_path / 'red.png')
    read, sides = TileSource.read, []

    def noted(self, tile, side=None):
        sides.append(side)
        return read(self, tile, side)

    monkeypatch.setattr(TileSource, 'read', noted)
    index_pictures([tmp_path / 'red.png'], colour_model, tmp_path / 'i', tiling=Tiling(32))
    assert sides == [READ_SIDE] * 2
    rerank_index(tmp_path / 'i', colour_model, fusion, ['red'], 2, 2)
    assert sides == [READ_SIDE] * 4


def test_says_how_long_each_stage_took(colour_model, fusion, index):
    found = rerank_index(index, colour_model, fusion, ['red', 'blue'], 4, 4)
    assert list(found.seconds) == ['filter', 'reading', 'scoring']
    assert all(seconds > 0 for seconds in found.seconds.values())
    assert found.timing().startswith('milliseconds of a query: filter ')


@pytest.mark.parametrize('k', [1, 3, 50])
def test_a_gallery_in_memory_is_ranked_either_way(colour_model, fusion, gallery, k):
    sentences = ['red', 'green then red', 'blue', 'red']
    found = cascade_search(colour_model, fusion, ['green then red'], gallery, k, top_k=4)
    assert sorted(found.ranking.ids[0].tolist()) == [0, 1, 2, 3]
    assert found.ranking.ids[0, 0] == (1 if k == 1 else 0)
    found = cascade_search(colour_model, fusion, [gallery[0]], sentences, k, top_k=4)
    assert sorted(found.ranking.ids[0].tolist()) == [0, 1, 2, 3]
    assert found.ranking.ids[0, 0] == 0
    if k > 1:  # all three name red last, and equal scores keep the order of the filter
        assert found.ranking.ids[0].tolist() == [0, 3, 1, 2]


def test_says_what_does_not_fit(colour_model, fusion, index, gallery):
    with pytest.raises(ValueError, match='must be a fusion model, such as .* got ColourModel'):
        rerank_index(index, colour_model, colour_model, ['red'])
    with pytest.raises(ValueError, match='in training mode'):
        rerank_index(index, colour_model, LastColour().train(), ['red'])
    ranking = Ranking(np.array([[0]]), np.array([[1.0]]))
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        rerank(fusion, ['red'], ranking, gallery, k=0)
    with pytest.raises(ValueError, match='2 queries came with a ranking of 1'):
        rerank(fusion, ['red', 'blue'], ranking, gallery)
    with pytest.raises(ValueError, match='sentences are not compared with sentences'):
        rerank(fusion, ['red'], ranking, ['blue'])
    with pytest.raises(ValueError, match='sentences or pictures, got sentences and pictures tog'):
        cascade_search(colour_model, fusion, ['red'], ['red', gallery[0]])
    with pytest.raises(ValueError, match='sentences or pictures, got nothing'):
        cascade_search(colour_model, fusion, [], gallery)
    gallery[1].unlink()
    with pytest.raises(FileNotFoundError, match='1 pictures of .* first .*green.png: index anew'):
        rerank_index(index, colour_model, fusion, ['green'], 4, 4)
    with pytest.raises(FileNotFoundError, match='green.png'):
        rerank(fusion, ['red'], ranking, [gallery[1]])
