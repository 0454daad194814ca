"""A query finds the pictures of its colour, and only in an index of the same model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pir_mm.apis.search.index_model import load_index_model
from pir_mm.apis.search.indexing import index_pictures
from pir_mm.apis.search.searching import (
    search_index,
    search_sheet,
    write_results,
)
from pir_mm.functional.text_reading import TextReading
from pir_mm.querying import QueryResult, SearchResult, query_notes
from pir_mm.search import Hit, Tile, open_index
from tests.search.planted import plant


@pytest.fixture
def index(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    return open_index(tmp_path / 'index')


def first(index, ranking):
    return [Path(index.tiles([ids[0]])[0].source).stem for ids in ranking.ids]


def test_a_sentence_finds_its_picture(colour_model, index):
    ranking = search_index(index, colour_model, text='a green field', top_k=2)
    assert first(index, ranking) == ['green']
    np.testing.assert_allclose(ranking.scores, [[1, 3**-0.5]], atol=1e-5)


def test_a_picture_finds_itself_from_a_file_and_from_an_array(colour_model, index, pictures):
    for image in (pictures / 'blue.jpg', str(pictures / 'blue.jpg')):
        ranking = search_index(index.folder, colour_model, image=image)
        assert first(index, ranking) == ['blue']
        assert ranking.ids.shape == (1, 4)
    pixels = np.full((9, 9, 3), (0, 0, 255), np.uint8)
    assert first(index, search_index(index, colour_model, image=pixels)) == ['blue']


def test_several_queries_give_rows_sentences_first(colour_model, index, pictures):
    images = [pictures / 'grey.tif', pictures / 'red.png']
    ranking = search_index(index, colour_model, text=['blue sea', 'red roofs'], image=images)
    assert first(index, ranking) == ['blue', 'red', 'grey', 'red']


def test_says_that_a_query_is_missing(colour_model, index, tmp_path):
    with pytest.raises(ValueError, match='no query'):
        search_index(index, colour_model)
    with pytest.raises(FileNotFoundError, match=r'nowhere holds no index.*tools/index\.py'):
        search_index(tmp_path / 'nowhere', colour_model, text='red')
    with pytest.raises(ValueError, match='top_k must be at least 1, got 0'):
        search_index(index, colour_model, text='red', top_k=0)


def test_refuses_another_model_and_names_what_differs(colour_model, wide_model, index):
    with torch.no_grad():
        colour_model.mix.mul_(2)
    with pytest.raises(ValueError, match=r'another model.*weights \(sha256 \w{12} against'):
        search_index(index, colour_model, text='red')
    with pytest.raises(ValueError, match='another model.*config .*weights'):
        search_index(index, wide_model, text='red')


def test_one_sheet_shows_sentences_and_pictures(colour_model, index, pictures, tmp_path):
    queries = ['red roofs', pictures / 'blue.jpg', np.full((9, 9, 3), (0, 255, 0), np.uint8)]
    out = tmp_path / 'new' / 'sheet.png'
    ranking = search_sheet(index, colour_model, queries, out, top_k=3)
    assert first(index, ranking) == ['red', 'blue', 'green']
    colours = {tuple(c) for c in np.asarray(Image.open(out)).reshape(-1, 3)[::7].tolist()}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 254)} <= colours
    assert [p.name for p in out.parent.iterdir()] == ['sheet.png']


def test_geojson_has_null_geometry_and_the_properties_of_the_contract(
    colour_model, index, pictures, tmp_path
):
    queries = ['red roofs', pictures / 'blue.jpg']
    ranking = search_index(index, colour_model, queries[0], queries[1], top_k=2)
    write_results(tmp_path / 'hits.geojson', index, queries, ranking)
    content = json.loads((tmp_path / 'hits.geojson').read_text())
    assert content['type'] == 'FeatureCollection'
    assert [feature['geometry'] for feature in content['features']] == [None] * 4
    found = content['features'][0]['properties']
    assert found == {
        'query': 'red roofs',
        'rank': 1,
        'score': pytest.approx(1, abs=1e-5),
        'source': str(pictures / 'red.png'),
        'window': [0, 0, 12, 20],
        'percentile': None,
        'others': 0,
        'date': None,
    }
    assert [f['properties']['rank'] for f in content['features']] == [1, 2, 1, 2]


def test_csv_has_a_row_per_result(colour_model, index, tmp_path):
    queries = ['red, or "green"']
    ranking = search_index(index, colour_model, 'red', top_k=3)
    write_results(tmp_path / 'hits.csv', index, queries, ranking)
    with open(tmp_path / 'hits.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [row['rank'] for row in rows] == ['1', '2', '3']
    assert rows[0]['query'] == 'red, or "green"'
    assert rows[0]['source'].endswith('red.png')
    assert json.loads(rows[0]['window']) == [0, 0, 12, 20]


def test_another_ending_is_refused(colour_model, index, tmp_path):
    ranking = search_index(index, colour_model, 'red')
    with pytest.raises(ValueError, match=r'hits\.txt must end in \.csv, \.geojson'):
        write_results(tmp_path / 'hits.txt', index, ['red'], ranking)


def test_the_table_has_a_block_per_query(colour_model, index, pictures):
    ranking = search_index(index, colour_model, ['red', 'blue'], top_k=1)
    text = SearchResult.of(index, ['red', 'blue'], ranking).table()
    red, blue = pictures / 'red.png', pictures / 'blue.jpg'
    head = 'rank   score  file'
    score = f'{ranking.scores[1, 0]:.4f}'
    assert text == f'red\n{head}\n   1  1.0000  {red}\n\nblue\n{head}\n   1  {score}  {blue}'


def test_the_model_of_an_index_must_be_noted_and_there(colour_model, index, pictures, tmp_path):
    with pytest.raises(FileNotFoundError, match='its config is not stored in it.*--model'):
        load_index_model(index)
    with pytest.raises(FileNotFoundError, match=r'checkpoint gone\.pth does not exist'):
        load_index_model(index, config=pictures / 'red.png', checkpoint='gone.pth')


class Reader:
    def reading(self, text):
        words = text.split()
        unknown = tuple(word for word in words if word == 'qwrt')
        return TextReading(min(len(words), 3), len(words), unknown, len(unknown) == len(words))


def test_says_what_of_a_query_is_not_read(colour_model, index):
    colour_model.tokenizer = Reader()
    queries = ['red qwrt', 'a b c red', 'red', np.zeros((8, 8, 3), np.uint8) + np.uint8(9)]
    assert query_notes(colour_model, queries) == [
        "'red qwrt': the model does not know qwrt",
        "'a b c red': the first 3 of 4 words are used",
    ]
    with pytest.raises(ValueError, match="knows no word of the query 'qwrt qwrt': describe"):
        search_index(index, colour_model, 'qwrt qwrt')


def test_a_sheet_has_an_end_and_tells_what_it_leaves_out(
    colour_model, index, tmp_path, monkeypatch
):
    monkeypatch.setattr('pir_mm.visualization.ranking_sheet.MAX_RESULTS', 3)
    ranking = search_index(index, colour_model, ['red', 'blue'], top_k=10**9)
    (note,) = write_results(tmp_path / 'a.png', index, ['red', 'blue'], ranking)
    assert note.endswith('the best 1 of 4 results of 2 of 2 queries are drawn')
    assert write_results(tmp_path / 'a.csv', index, ['red', 'blue'], ranking) == []
    many = search_index(index, colour_model, ['red'] * 5, top_k=1)
    (note,) = write_results(tmp_path / 'b.png', index, ['red'] * 5, many)
    assert 'the best 1 of 1 results of 3 of 5 queries' in note
    few = search_index(index, colour_model, 'red', top_k=3)
    assert write_results(tmp_path / 'c.png', index, ['red'], few) == []


def test_a_sheet_and_the_table_show_the_window_not_the_raster(colour_model, pictures, tmp_path):
    plant(pictures / 'map.tif', 600, 520, [('red', 128, 384)], side=256)
    index_pictures([pictures / 'map.tif'], colour_model, tmp_path / 'index')
    index = open_index(tmp_path / 'index')
    ranking = search_index(index, colour_model, 'red', top_k=1)
    assert write_results(tmp_path / 'a.png', index, ['red'], ranking) == []
    sheet = np.asarray(Image.open(tmp_path / 'a.png')).reshape(-1, 3)
    assert (sheet == (255, 0, 0)).all(axis=1).sum() == 200 * 200
    (pictures / 'map.tif').unlink()
    assert write_results(tmp_path / 'b.png', index, ['red'], ranking) == []


def test_a_label_tells_the_tiles_of_a_raster_apart():
    tile = Tile('/a/map.tif', (256, 512, 256, 256), is_whole=False)
    hits = (Hit('red', 1, 0.5, tile, 7, 99.97, 2), Hit('red', 2, 0.25, tile, 8))
    assert SearchResult(None, (QueryResult('red', hits),)).table().splitlines()[2:] == [
        '   1  0.5000        99.9  /a/map.tif (256, 512) and 2 more of this place',
        '   2  0.2500           -  /a/map.tif (256, 512)',
    ]
