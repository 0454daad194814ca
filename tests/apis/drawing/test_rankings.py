"""Sheets hold the sections that were asked for, with what is right marked where it is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pir_mm.apis.drawing.rankings import SplitQueries, draw_rankings
from pir_mm.visualization import RankingSheet
from tests.apis.split_of_colours import split_of_colours


@pytest.fixture
def sections(monkeypatch):
    """Whatever is added to a sheet: heading, queries, ids, right."""
    seen = []
    add = RankingSheet.add

    def note(self, heading, queries, ranking, gallery, right=None):
        seen.append((heading, list(queries), ranking.ids, right))
        add(self, heading, queries, ranking, gallery, right)

    monkeypatch.setattr(RankingSheet, 'add', note)
    return seen


@pytest.fixture
def draw(colour_model, pictures, tmp_path):
    split = split_of_colours(colour_model, pictures)
    return lambda **how: draw_rankings(colour_model, split, tmp_path / 'r.png', **how)


def test_known_and_unknown_queries_stand_apart(draw, sections, tmp_path, pictures):
    texts = ['a blue roof', 'a red roof']
    draw(texts=texts, images=['red.png'], top_k=2)
    known, elsewhere, back = sections
    assert known[1] == ['a red roof'] and elsewhere[1] == ['a blue roof']
    assert known[2][0, 0] == 0 and known[3][0].tolist() == [True, False]  # grey is second
    assert elsewhere[2][0, 0] == 2 and elsewhere[3] is None
    assert 'elsewhere' in elsewhere[0] and 'elsewhere' not in known[0]
    assert back[1] == [pictures / 'red.png']
    assert back[2].tolist() == [[0, 4]] and back[3].tolist() == [[True, False]]
    assert Image.open(tmp_path / 'r.png').width > 500


def test_without_a_query_the_same_are_drawn_again(draw, sections):
    draw(queries=2)
    draw(queries=2)
    draw(queries=2, seed=2)
    assert [len(queries) for _, queries, _, _ in sections] == [2] * 6
    assert sections[0][1] == sections[2][1] and sections[1][1] == sections[3][1]
    assert sections[1][1] != sections[5][1]
    assert all(right is not None for *_, right in sections)


def test_more_results_than_there_are_give_all(draw, sections):
    draw(texts=['a red roof'], top_k=50)
    np.testing.assert_array_equal(np.sort(sections[0][2]), [[0, 1, 2, 3]])


def test_says_what_is_wrong(draw, colour_model, tmp_path):
    with pytest.raises(ValueError, match='at least 1, got 0 and 5'):
        draw(queries=0)
    with pytest.raises(ValueError, match='must end in'):
        draw_rankings(colour_model, None, tmp_path / 'r.gif')


@pytest.fixture
def known(colour_model, pictures):
    return SplitQueries(colour_model, split_of_colours(colour_model, pictures))


def test_equal_captions_are_one_result_of_all_their_pictures(known):
    distinct = ['a red roof', 'a grey road', 'a green field', 'a blue lake', 'a red lake']
    assert known.captions == distinct
    right = [[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    assert known.right.astype(int).tolist() == right
    np.testing.assert_allclose(known.text[3], [0, 0, 1], atol=1e-6)


def test_a_caption_of_the_split_is_known_whatever_its_capitals_and_points(known):
    query = known.sentence('A red  roof.')
    assert query.content == 'a red roof'
    assert query.right.tolist() == [True, False, True, False]
    other = known.sentence('a blue roof')
    assert other.right is None
    np.testing.assert_allclose(other.embedding, [0, 0, 1], atol=1e-6)


def test_a_picture_of_the_split_is_known_by_name_and_by_path(known, pictures, monkeypatch):
    for name in ('blue.jpg', str(pictures / 'blue.jpg'), 'pictures/blue.jpg'):
        assert known.picture(name).right.tolist() == [True, False, False, True, False]
    monkeypatch.chdir(pictures)
    assert known.picture('./blue.jpg').right is not None


def test_another_picture_is_embedded(known, pictures, tmp_path):
    other = tmp_path / 'blue.jpg'  # the same name, elsewhere
    other.write_bytes((pictures / 'green.png').read_bytes())
    query = known.picture(str(other))
    assert query.right is None and query.content == Path(other)
    np.testing.assert_allclose(query.embedding, [0, 1, 0], atol=1e-6)


def test_a_sample_asks_for_a_picture_by_one_of_its_own_captions(known):
    for seed in range(5):
        sentences, members = known.sample(3, seed)
        assert len(sentences) == len(members) == 3
        for sentence, member in zip(sentences, members, strict=True):
            assert member.right[known.captions.index(sentence.content)]
    assert [q.content for q in known.sample(3, 1)[1]] == [q.content for q in known.sample(3, 1)[1]]
    assert len(known.sample(50, 0)[0]) == 4


def test_says_which_query_is_wrong(known, pictures):
    with pytest.raises(FileNotFoundError, match='pink.png is neither .* 4 pictures .* red.png'):
        known.picture('pink.png')
    (pictures / 'notes.png').write_text('no picture')
    with pytest.raises(ValueError, match='notes.png: not a picture'):
        known.picture(str(pictures / 'notes.png'))
    with pytest.raises(ValueError):
        known.sentence(' . ')


def test_a_name_of_several_pictures_is_asked_back(known):
    known.split.paths[:] = ['/a/1/x.png', '/a/2/x.png', '/a/2/y.png', '/a/2/z.png']
    with pytest.raises(ValueError, match='x.png may be /a/1/x.png, /a/2/x.png: give more of'):
        known.picture('x.png')
    assert known.picture('1/x.png').content == Path('/a/1/x.png')
