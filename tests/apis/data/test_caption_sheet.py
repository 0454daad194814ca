"""Which pairs a sheet of shared captions shows, and with which words."""

import pytest

from pir_mm.apis.data import caption_sheet
from pir_mm.apis.data.caption_audit import audit_captions
from pir_mm.apis.data.caption_sheet import PicturedCaptions, draw_shared
from pir_mm.datasets.audit.caption_sets import shared_captions
from tests.apis.data.test_caption_audit import write

OWN = {
    'a': ['a river', 'a bay', 'a lake'],
    'b': ['a river', 'a port'],
    'c': ['two planes on grass', 'a port'],
}
OTHERS = {
    'v': ['a port'],
    'w': ['a bay', 'a river'],
    'x': ['a port', 'a road', 'two planes on the grass'],
    'y': ['two planes on the grass'],
}


@pytest.fixture
def drawn(monkeypatch):
    """Draw nothing, and keep what would have been drawn."""
    found = []
    monkeypatch.setattr(caption_sheet, 'draw_pairs', lambda *given: found.append(given))
    return found


def pictured(what, images):
    return PicturedCaptions(what, list(images), list(images.values()))


def draw(own, others):
    shared = shared_captions(list(own.values()), list(others.values()))
    draw_shared(pictured('A', own), pictured('B', others), shared, 'sheet.png')


def test_worked_out_by_hand(drawn):
    draw(OWN, OTHERS)
    ((heading, pairs, path),) = drawn
    assert heading == 'A (left) against B (right)' and path == 'sheet.png'
    together, port, planes = pairs
    assert together.group == '1 of 1 pictures that share two captions or more with a single one'
    assert together[:4] == ('a', 'w', 0, '2 captions')
    assert together.captions == [('a river',), ('a bay',)]
    assert port.group == '1 of 3 captions that both sets have word by word'
    assert port[:4] == ('b', 'v', 0, 'on 2 pictures left, 2 right')
    assert port.captions == [('a port',)]
    assert planes.group.startswith('1 of 1 captions that the other set has nearly so')
    assert planes[:4] == ('c', 'x', 0, '0.80; on 1 picture left, 2 right')
    assert planes.captions == [('two planes on grass', 'two planes on the grass')]


def test_many_pairs_and_captions_are_thinned_out(drawn):
    own = {n: [f'{n} {word}' for word in 'abcdefg'] for n in range(50)}
    draw(own, own)
    ((_, pairs, _),) = drawn
    together = [pair for pair in pairs if 'single one' in pair.group]
    assert [pair.left for pair in together][::19] == [0, 49] and len(together) == 20
    assert {pair.note for pair in together} == {'7 captions, 5 of them here'}
    assert {len(pair.captions) for pair in together} == {5}
    rest = pairs[20:]
    assert {pair.group for pair in rest} == {'20 of 350 captions that both sets have word by word'}
    assert not {text for pair in together for text in pair.captions} & {p.captions[0] for p in rest}


def test_sets_that_share_nothing_have_a_heading_alone(drawn):
    draw({'a': ['a river']}, {'b': ['planes']})
    assert [pairs for _, pairs, _ in drawn] == [[]]


def test_captions_without_pictures_and_another_ending_are_refused(tmp_path):
    captions, out = write(tmp_path / 'a.json', ('a.jpg', 'test', ['a river'])), tmp_path / 'o.json'
    with pytest.raises(ValueError, match=r'a.json is a file of captions: give the prepared folder'):
        audit_captions(captions, captions, out, sheet=tmp_path / 's.png')
    with pytest.raises(ValueError, match=r's.gif must end in .png or .pdf'):
        audit_captions(captions, captions, out, sheet=tmp_path / 's.gif')
    assert not out.exists()
