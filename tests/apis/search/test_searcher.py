"""The search of a practitioner: filtered, merged, cut, and told from chance."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pir_mm.apis import JoinedQuery, Searcher, TileFilter, index_pictures
from pir_mm.querying import EmbeddedQuery, vector_searcher
from pir_mm.querying.background_captions import background_captions
from pir_mm.search import Tiling
from tests.search.planted import plant

OTHERS = [f'{colour} {number}' for colour in ('red', 'green', 'blue') for number in range(20)]


@pytest.fixture
def found_by(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    return Searcher(tmp_path / 'index', model=colour_model, background=OTHERS)


def names(result):
    return [Path(hit.tile.source).stem for hit in result.hits]


def test_finds_by_sentences_and_pictures_in_their_order(found_by, pictures):
    found = found_by.search('a green field', pictures / 'blue.jpg', top_k=2)
    green, blue = found.results
    assert names(green) == ['green', 'grey'] and names(blue) == ['blue', 'grey']
    assert [hit.rank for hit in found.hits] == [1, 2, 1, 2]
    assert green.hits[0].score == pytest.approx(1, abs=1e-4)
    assert found_by.index.tiles([green.hits[0].id]) == [green.hits[0].tile]


def test_vectors_that_are_known_are_not_made_again(found_by, colour_model, pictures):
    queries = ('a red roof', pictures / 'blue.jpg')
    whole = found_by.search(*queries, top_k=2)
    vectors = found_by.embed(*queries)
    colour_model.image_batches.clear()
    again = found_by.search(*queries, top_k=2, vectors=vectors)
    assert [(h.id, h.score) for h in again.hits] == [(h.id, h.score) for h in whole.hits]
    assert again.results[0].hits[0].percentile == whole.results[0].hits[0].percentile
    tile = EmbeddedQuery(vectors[1], 'tile 3')
    like = found_by.search(tile, JoinedQuery.of('red', tile), top_k=2)
    assert names(like.results[0]) == names(whole.results[1])
    assert like.results[1].hits[0].query == 'red + tile 3'
    joined = JoinedQuery.of('red', pictures / 'blue.jpg')
    score = found_by.search(joined).hits[0].score
    assert like.results[1].hits[0].score == pytest.approx(score, abs=1e-6)
    assert len(colour_model.image_batches) == 1  # of the last search alone


def test_a_filter_narrows_before_the_cut(found_by):
    where = TileFilter(where="name != 'green.png'")
    found = found_by.search('green', top_k=2, where=where)
    assert names(found) == ['grey', 'red'] or names(found) == ['grey', 'blue']
    nothing = found_by.search('green', where=TileFilter(since='2000'))
    assert nothing.hits == [] and nothing.results[0].verdict == 'nothing was found'
    assert nothing.notes == ('nothing was found: no tile of the index meets the filter',)


def test_a_least_score_cuts(found_by):
    assert names(found_by.search('red', min_score=0.9)) == ['red']
    assert names(found_by.search('red', min_score=0.5)) == ['red', 'grey']
    nothing = found_by.search('red', min_score=1.5)
    assert nothing.hits == []
    assert nothing.notes == ('nothing was found: no result scores 1.5 or more',)
    with pytest.raises(ValueError, match='min_score must be a number'):
        found_by.search('red', min_score=float('nan'))
    with pytest.raises(ValueError, match='top_k must be at least 1, got 0'):
        found_by.search('red', top_k=0)


def test_percentiles_are_of_sentences_only_and_among_what_is_allowed(found_by, pictures):
    found = found_by.search('red', pictures / 'red.png', JoinedQuery.of(['red', 'blue']))
    shares = [[hit.percentile for hit in result.hits] for result in found.results]
    # a third of the sentences find as much as the first, all find more than the others
    assert shares[0][0] == pytest.approx(50, abs=34) and shares[0][1:] == [0, 0, 0]
    assert shares[1] == shares[2] == [None] * 4
    assert (found_by.index.folder / 'background.npz').is_file()
    where = TileFilter(where="name != 'red.png'")
    few = found_by.search('red', where=where)
    assert few.hits[0].percentile == pytest.approx(100 / 6, abs=0.1)  # all of red find as little
    assert 'better than only 16.7 % of what unrelated sentences' in few.results[0].verdict
    assert found_by.search('blue', where=where).hits[0].percentile > 60


def test_too_few_sentences_tell_nothing(colour_model, found_by):
    alone = Searcher(found_by.index, model=colour_model, background=OTHERS[:49])
    assert alone.search('red').hits[0].percentile is None
    assert not (found_by.index.folder / 'background.npz').exists()


@pytest.fixture
def overlapping(colour_model, tmp_path):
    """A raster of overlapping tiles with two red places, and a copy of it."""
    for name in ('a.tif', 'b.tif'):
        plant(tmp_path / name, 600, 300, [('red', 100, 150), ('red', 500, 150)], side=100)
    index_pictures(
        [tmp_path / 'a.tif', tmp_path / 'b.tif'], colour_model, tmp_path / 'index', None, 32,
        Tiling(100, 50),
    )  # fmt: skip
    return Searcher(tmp_path / 'index', model=colour_model, background=OTHERS)


def test_places_are_merged_before_the_cut(overlapping):
    found = overlapping.search('red', top_k=2)
    columns = sorted(hit.tile.window[0] for hit in found.hits)
    assert columns == [50, 450]
    assert sum(hit.others for hit in found.hits) == 2 * 4 - 2  # all that were looked at
    every = overlapping.search('red', top_k=4, merge=False)
    assert [hit.others for hit in every.hits] == [0] * 4
    places = {hit.tile.window[0] for hit in every.hits}
    assert places == {50, 450}  # of the raster and of its copy
    again = overlapping.search('red', top_k=2)
    assert [hit.id for hit in again.hits] == [hit.id for hit in found.hits]


def test_looks_deeper_until_there_are_enough_places(overlapping, monkeypatch):
    depths = []
    search = overlapping.index.search
    monkeypatch.setattr(
        overlapping.index, 'search', lambda q, k, w=None: depths.append(k) or search(q, k, w)
    )
    monkeypatch.setattr(vector_searcher, 'MORE', 2)
    found = overlapping.search('red', top_k=5)
    assert len(found.hits) == 5 and len(depths) > 2
    whole = overlapping.search('red', top_k=1000)
    assert [hit.id for hit in whole.hits[:5]] == [hit.id for hit in found.hits]
    tiles = len(overlapping.index)
    assert sum(1 + hit.others for hit in whole.hits) == tiles
    assert len(whole.hits) < tiles / 2


def test_the_sentences_are_many_and_told_apart():
    sentences = background_captions()
    assert len(set(sentences)) == len(sentences) == 384
    assert sentences == background_captions()
    assert all(sentence.isascii() and '{' not in sentence for sentence in sentences)


def test_a_result_shows_and_writes_itself(found_by, pictures, tmp_path):
    found = found_by.search('red roofs & <b>', pictures / 'blue.jpg', top_k=2)
    table = str(found)
    assert table.startswith('red roofs & <b>\nrank   score  percentile  file\n   1  1.0000')
    assert f'  1.0000  {pictures / "blue.jpg"}' in table or '0.99' in table
    shown = found._repr_html_()
    assert shown.count('<img') == 5 and 'red roofs &amp; &lt;b&gt;' in shown
    for name in ('a.csv', 'a.geojson', 'a.gpkg', 'a.html', 'a.png'):
        assert found.save(tmp_path / name) == []
        assert (tmp_path / name).stat().st_size > 100
    with pytest.raises(ValueError, match=r'a\.txt must end in \.csv, \.geojson, \.gpkg'):
        found.save(tmp_path / 'a.txt')


def test_nothing_can_be_written_too(found_by, tmp_path):
    nothing = found_by.search('red', 'blue', min_score=2)
    for name in ('a.csv', 'a.geojson', 'a.gpkg', 'a.html', 'a.png'):
        nothing.save(tmp_path / name)
        assert (tmp_path / name).is_file()
    assert str(nothing) == 'red\nnothing was found\n\nblue\nnothing was found'
    some = found_by.search('red', 'blue', where=TileFilter(where="name = 'red.png'"), min_score=0.5)
    assert [len(result.hits) for result in some.results] == [1, 0]
    assert some.save(tmp_path / 'b.png') == []
    assert Image.open(tmp_path / 'b.png').height > 400


def test_a_name_cannot_command_a_terminal(colour_model, tmp_path):
    folder = tmp_path / 'a\x1b[31m\nb'
    folder.mkdir()
    Image.fromarray(np.full((9, 9, 3), (255, 0, 0), np.uint8)).save(folder / 'x y.png')
    index_pictures([folder], colour_model, tmp_path / 'index')
    found = Searcher(tmp_path / 'index', model=colour_model, background=[]).search('red')
    assert found.table().splitlines()[-1].endswith('/a\\x1b[31m\\nb/x y.png')
    link = found.table(links=True).splitlines()[-1]
    assert '\x1b]8;;file:///' in link and link.count('\x1b') == 4
    assert '/a%1B%5B31m%0Ab/x%20y.png\x1b\\/' in link
