"""Percentiles among what unrelated sentences find, kept beside the index."""

import os

import numpy as np
import pytest

from pir_mm.search import EmbeddingIndex, IndexWriter, background
from pir_mm.search.background import Background, kept_background
from tests.search.filling import fill, unit

SENTENCES = [f'sentence {number}' for number in range(60)]


class Embed:
    def __init__(self):
        self.calls = 0

    def __call__(self, sentences):
        self.calls += 1
        return unit(len(sentences), 4, seed=7)


def of_scores(best):
    return Background('key', 'state', np.eye(len(best), dtype=np.float32), np.array(best))


def test_a_percentile_by_hand():
    some = of_scores([0.4, 0.1, 0.2, 0.2])
    scores = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.9])
    assert some.percentiles(scores).tolist() == [0, 12.5, 25, 50, 75, 100]


def test_the_best_of_each_sentence_is_that_of_a_loop(tmp_path):
    vectors = fill(tmp_path / 'index', [f'{number}.png' for number in range(30)])
    found, note = kept_background(EmbeddingIndex(tmp_path / 'index'), SENTENCES, Embed())
    assert note is None
    np.testing.assert_allclose(found.best, (unit(60, 4, 7) @ vectors.T).max(axis=1), rtol=1e-6)


def test_is_made_once_and_renewed_by_an_update(tmp_path):
    folder, embed = tmp_path / 'index', Embed()
    fill(folder, ['a.png'])
    first, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    again, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    assert embed.calls == 1
    np.testing.assert_array_equal(again.best, first.best)
    fill(folder, ['b.png'], unit(1, 4, 5))
    more, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    assert embed.calls == 1
    gained = more.best - first.best
    assert (gained > -1e-6).all() and (gained > 0.1).any()
    with IndexWriter.opened(folder) as writer:
        writer.remove(['/archive/b.png'])
    less, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    np.testing.assert_allclose(less.best, first.best, atol=1e-6)
    kept_background(EmbeddingIndex(folder), SENTENCES[1:], embed)
    assert embed.calls == 2
    assert not [name for name in os.listdir(folder) if name.startswith('.background')]


def test_other_arithmetic_has_another_background(tmp_path):
    folder, embed = tmp_path / 'index', Embed()
    fill(folder, ['a.png'])
    keys = {
        kept_background(EmbeddingIndex(folder), SENTENCES, embed, arithmetic)[0].key
        for arithmetic in ('fp32', 'int8', 'fp32')
    }
    assert len(keys) == 2 and embed.calls == 3


@pytest.mark.parametrize('content', [b'', b'no archive', None])
def test_what_is_damaged_is_made_anew(tmp_path, content):
    folder, embed = tmp_path / 'index', Embed()
    fill(folder, ['a.png'])
    first, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    path = folder / 'background.npz'
    if content is None:
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    again, _ = kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    np.testing.assert_array_equal(again.best, first.best)
    assert embed.calls == 2


def test_an_object_of_python_in_the_file_is_not_loaded(tmp_path):
    folder, embed = tmp_path / 'index', Embed()
    fill(folder, ['a.png'])
    kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    bad = np.array([object()], dtype=object)
    np.savez(folder / 'background.npz', key=bad, state='', vectors=bad, best=bad)
    kept_background(EmbeddingIndex(folder), SENTENCES, embed)
    assert embed.calls == 2


def test_an_index_that_cannot_be_written_is_searched_all_the_same(tmp_path, monkeypatch):
    fill(tmp_path / 'index', ['a.png'])

    def refuse(path):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(background, 'atomic_file', refuse)
    found, note = kept_background(EmbeddingIndex(tmp_path / 'index'), SENTENCES, Embed())
    assert len(found.best) == 60
    assert note.endswith('background.npz cannot be kept, each search makes it anew: '
                         'Permission denied')  # fmt: skip


def test_a_part_of_an_index_has_its_own(tmp_path, monkeypatch):
    vectors = fill(tmp_path / 'index', [f'{number}.png' for number in range(30)])
    index = EmbeddingIndex(tmp_path / 'index')
    whole, _ = kept_background(index, SENTENCES, Embed())
    part = whole.narrowed(index, np.array([3, 8]))
    expected = (unit(60, 4, 7) @ vectors[[3, 8]].T).max(axis=1)
    np.testing.assert_allclose(part.best, expected, rtol=1e-6)
    monkeypatch.setattr(background, 'NARROWED', 6)
    monkeypatch.setattr(background, 'NARROWED_SCORES', 10)
    few = whole.narrowed(index, np.array([3, 8]))
    np.testing.assert_allclose(few.best, expected[[0, 12, 24, 35, 47, 59]], rtol=1e-6)
