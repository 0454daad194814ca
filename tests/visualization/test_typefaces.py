"""A text is drawn by a typeface that has its characters."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from pir_mm.structures.ranking import Ranking
from pir_mm.visualization import typefaces
from pir_mm.visualization.ranking_sheet import RankingSheet
from pir_mm.visualization.typefaces import face_for, font, undrawable

FACE = font(14)


def square():
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def write_font(path, characters):
    names = ['.notdef', *(f'u{ord(c):x}' for c in characters)]
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f'u{ord(c):x}' for c in characters})
    builder.setupGlyf({name: square() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({'familyName': path.stem, 'styleName': 'Regular'})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with these fonts: characters by file name."""

    def machine(**fonts):
        files = [write_font(tmp_path / f'{name}.ttf', c) for name, c in fonts.items()]
        (tmp_path / 'broken.ttf').write_bytes(b'no font')
        monkeypatch.setattr(
            font_manager, 'findSystemFonts', lambda: [str(tmp_path / 'broken.ttf'), *files]
        )
        typefaces._best.cache_clear()
        return files

    yield machine
    typefaces._best.cache_clear()


def test_the_usual_one_where_it_has_all(machine):
    machine()
    for text in ('a lake', 'Straße, café', 'river ✓', 'two\u200blines\n'):
        assert face_for(text, FACE) is FACE
        assert undrawable([text], FACE) == []


def test_another_one_that_has_all_of_the_text(machine):
    _, whole = machine(half='中', whole='中文 a')
    face = face_for('中文 a', FACE)
    assert (face.path, face.size) == (whole, FACE.size)
    assert undrawable(['中文 a', 'b'], FACE) == []


def test_what_no_font_has_is_told_once_and_in_order(machine):
    half, _ = machine(half='中', other='河')
    assert face_for('文', FACE) is FACE
    assert face_for('中文', FACE).path == half  # the most of it
    assert undrawable(['文中', 'a', '中文', '河'], FACE) == ['文']


def test_a_sheet_tells_what_it_could_not_draw(machine):
    machine()
    sheet = RankingSheet(cell_px=100)
    sheet.add('heading', ['中文', '中'], Ranking([[0], [0]], [[1.0], [0.5]]), ['a lake'])
    (note,) = sheet.notes
    assert note.startswith('heading: no font of this machine has 中, 文, boxes stand for them')
    assert sheet.draw().std() > 0
