"""Scores of an embedded split, whole and without some pictures."""

import json

import pytest
import torch

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.apis.tables.run import LeftOut, score_split
from pir_mm.evaluation import EmbeddedSet
from pir_mm.functional.intervals import mean_recall
from pir_mm.functional.recall import recall_from_embeddings


@pytest.fixture
def split():
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 4, generator=generator) for n in (6, 11))
    image_of_text = torch.tensor([0, 0, 1, 2, 2, 2, 3, 4, 4, 5, 5])
    paths = [f'data/images/p{i}.jpg' for i in range(6)]
    embedded = EmbeddedSet(image, torch.zeros(6).long(), text, image_of_text)
    return EmbeddedSplit(embedded, torch.arange(11), paths, ['words'] * 11, ['scene'])


def listed(tmp_path, *names):
    path = tmp_path / 'copies.json'
    path.write_text(json.dumps({'copies': [{'picture': name} for name in names]}))
    return LeftOut(path)


def test_recalls_and_their_parts_agree(split):
    scores = score_split(split)
    whole = split.embedded
    assert scores['metrics'] == recall_from_embeddings(whole.image, whole.text, whole.image_of_text)
    assert scores['captions_per_picture'] == [2, 1, 3, 1, 2, 2]
    hits = torch.tensor(scores['hits'], dtype=torch.float64)
    captions = torch.tensor(scores['captions_per_picture']).double().unsqueeze(1).expand(-1, 3)
    queries = torch.cat([torch.ones(6, 3), captions], dim=1)
    assert mean_recall(hits, queries).item() == pytest.approx(scores['metrics']['mR'], abs=0.01)
    assert scores['ceiling']['mR'] == 100
    assert json.loads(json.dumps(scores)) == scores


def test_pictures_left_out_are_neither_asked_nor_found(split, tmp_path):
    left_out = listed(tmp_path, 'images/p1.jpg', 'p4.jpg', 'p4.jpg', 'elsewhere.jpg')
    scores = score_split(split, left_out)
    whole = split.embedded
    pictures, texts = [0, 2, 3, 5], [0, 1, 3, 4, 5, 6, 9, 10]
    image_of_text = torch.tensor([0, 0, 1, 1, 1, 2, 3, 3])
    assert scores['left_out']['pictures'] == 2
    assert scores['metrics_without'] == recall_from_embeddings(
        whole.image[pictures], whole.text[texts], image_of_text
    )
    assert scores['metrics'] == score_split(split)['metrics']


def test_a_list_is_known_by_its_names(tmp_path):
    first = listed(tmp_path, 'a.jpg', 'b.jpg').digest
    assert listed(tmp_path, 'b.jpg', 'x/a.jpg').digest == first
    assert listed(tmp_path, 'a.jpg').digest != first


@pytest.mark.parametrize('content', ['[]', '{}', '{"copies": [1]}', 'not json'])
def test_refuses_another_file(tmp_path, content):
    path = tmp_path / 'list.json'
    path.write_text(content)
    with pytest.raises(ValueError, match='is not a list of copies'):
        LeftOut(path)
