"""Queries: what is of the split is recognised, and then its truth is known."""

from pathlib import Path

import numpy as np
import pytest

from pir_mm.apis.drawing.rankings import SplitQueries
from tests.apis.split_of_colours import split_of_colours


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


def test_says_what_is_wrong(known, pictures):
    with pytest.raises(FileNotFoundError, match='pink.png is neither .* 4 pictures .* red.png'):
        known.picture('pink.png')
    (pictures / 'notes.png').write_text('no picture')
    with pytest.raises(ValueError, match='notes.png: not a picture'):
        known.picture(str(pictures / 'notes.png'))
    with pytest.raises(ValueError):
        known.sentence(' . ')
