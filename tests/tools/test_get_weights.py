"""The command lists what there is, and says in a sentence what is wrong."""

from pir_mm.apis.weights import fetching
from pir_mm.apis.weights.catalogue import CATALOGUE


def test_lists_every_set(tool, tmp_path):
    done = tool('get_weights', 'list', '--out', tmp_path)
    assert done.code == 0, done.err
    assert all(f'{name}: {weights.what}' in done.out for name, weights in CATALOGUE.items())


def test_fetches_what_is_named(tool, tmp_path, monkeypatch):
    fetched = []
    monkeypatch.setattr(fetching, 'fetch_weights', lambda *given: fetched.append(given) or given[0])
    done = tool('get_weights', 'minilm-l6', 'bert-base', '--out', tmp_path)
    assert done.code == 0, done.err
    assert fetched == [('minilm-l6', str(tmp_path)), ('bert-base', str(tmp_path))]
    assert 'minilm-l6 is at minilm-l6' in done.out


def test_a_mistake_ends_in_one_sentence_before_anything_is_fetched(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, 'fetch_weights', None)
    done = tool('get_weights', 'minilm-l6', 'bert-bse', '--out', tmp_path)
    assert done.code == 1
    assert done.err == "error: no weights are called 'bert-bse', did you mean bert-base?\n"
