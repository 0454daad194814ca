"""Conditions are parsed, never handed to the database."""

import sqlite3

import pytest

from pir_mm.search.where_clause import COLUMNS, parse_where, span

ROWS = {
    # name: date, gsd, crs, width
    'a.tif': ('2020-05-31', 10.0, 'EPSG:32633', 256),
    "b'x.tif": ('2020-06-30', 0.5, 'EPSG:4326', 64),
    'C.png': (None, None, None, 512),
}


@pytest.fixture(scope='module')
def base():
    base = sqlite3.connect(':memory:')
    base.create_function('file_name', 1, lambda path: path.rpartition('/')[2])
    base.create_function('absolute_path', 1, lambda path: f'/archive/{path}')
    base.create_function('folder_name', 1, lambda path: path.split('/')[0])
    base.execute('CREATE TABLE s (id, path, date, date_from, gsd, crs)')
    base.execute('CREATE TABLE t (id, source, x, y, width, height)')
    for number, (name, (date, gsd, crs, width)) in enumerate(ROWS.items()):
        row = (number, f'scene/{name}', date, 'name' if date else '', gsd, crs)
        base.execute('INSERT INTO s VALUES (?, ?, ?, ?, ?, ?)', row)
        base.execute('INSERT INTO t VALUES (?, ?, 0, 0, ?, ?)', (number, number, width, width))
    return base


def found(base, text):
    condition = parse_where(text)
    query = f'SELECT file_name(s.path) FROM t JOIN s ON s.id = t.source WHERE {condition.sql}'
    return ''.join(sorted(name[0] for (name,) in base.execute(query, condition.values)))


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ("name = 'a.tif'", 'a'),
        ("name = 'b''x.tif'", 'b'),
        ('name = "b\'x.tif"', 'b'),
        ("name != 'a.tif'", 'Cb'),
        ("name glob '*.tif'", 'ab'),
        ("name not glob '*.tif'", 'C'),
        ("source glob '/archive/*/[aC].*'", 'Ca'),
        ("folder = 'scene'", 'Cab'),
        ("NAME = 'A.TIF'", ''),
        ('gsd <= 0.5', 'b'),
        ('gsd < 1e1', 'b'),
        ('not gsd < 1', 'a'),  # what has no value meets no comparison
        ('gsd is null or gsd > 5', 'Ca'),
        ('date is not null', 'ab'),
        ('date_from = "name"', 'ab'),
        ('date_from is null', 'C'),
        ('width in (64, 512)', 'Cb'),
        ('width not in (64, 512)', 'a'),
        ('date = 2020-06', 'b'),
        ('date = 2020', 'ab'),
        ("date != '2020-06-30'", 'a'),
        ('date < 2020-06', 'a'),
        ('date <= 2020-06', 'ab'),
        ('date > 2020-05', 'b'),
        ('date >= 2020-05-31', 'ab'),
        ('date > 2020-06-29 and date in (2020-06-30)', 'b'),
        # and binds closer than or
        ("name = 'C.png' or gsd > 1 and crs = 'EPSG:4326'", 'C'),
        ("(name = 'C.png' or gsd > 1) and width > 300", 'C'),
        ('((((width = 64))))', 'b'),
        ("crs = 'x'' OR 1=1 --'", ''),
    ],
)
def test_means_what_it_says(base, text, names):
    assert found(base, text) == names


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'the end stands in the condition in place of a column: source, name, folder'),
        ('score > 0.5', 'score stands in the condition in place of a column'),
        ('1 = 1', '1 stands in the condition in place of a column'),
        ("name = 'a'; DROP TABLE tiles", "'; DROP TABLE tiles' cannot be read"),
        ("name = 'a' -- x", "'-- x' cannot be read"),
        ('name = (SELECT path FROM sources)', r'\( stands .* in place of a text in quotes'),
        ('name = load_extension', 'load_extension stands .* in place of a text in quotes'),
        ("name = 'a' union select 1", 'union stands in the condition in place of and, or'),
        ("name = 'a", 'cannot be read'),
        ('gsd = "10"', '"10" stands in the condition in place of a number to compare gsd'),
        ('gsd glob "1*"', 'glob compares texts, and gsd is a number'),
        ("name like 'a%'", 'like stands in the condition in place of a comparison.*glob'),
        ('gsd 5', '5 stands in the condition in place of a comparison'),
        ('gsd not = 5', '= stands in the condition in place of a comparison'),
        ('(gsd = 5', 'the end stands in the condition in place of a closing bracket'),
        ('width in 5', '5 stands in the condition in place of a bracket that opens a list'),
        ('width in (5 6)', '6 stands .* in place of a comma or a closing bracket'),
        ('date > 2020-13', "'2020-13' is no date of the calendar"),
        ('date > "yesterday"', "'yesterday' is no date: give 2020"),
        ('date > name', 'name stands in the condition in place of a date'),
        ('gsd is 5', '5 stands in the condition in place of null'),
        ('gsd = 10m', "'10m' cannot be read"),
        ('(' * 60 + 'gsd = 1' + ')' * 60, 'nested more than 50 deep'),
        ('not ' * 60 + 'gsd = 1', 'nested more than 50 deep'),
        (' or '.join(['gsd = 1'] * 300), 'more than 200 values'),
        ('(' * 20_000, '20000 characters, above 10000'),
    ],
)
def test_all_else_is_refused_in_a_sentence(text, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        parse_where(text)
    assert '\n' not in str(refused.value)


def test_no_part_of_the_text_is_in_the_sql():
    marked = parse_where("name = 'MARK' and crs glob 'MARK' and gsd > 7 or date = 2020-06-30")
    pieces = 'MARK', '7', '2020', "'"
    assert not [piece for piece in pieces if piece in marked.sql.replace("date_from, ''", '')]
    assert marked.values == ('MARK', 'MARK', 7.0, '2020-06-30', '2020-07-01')
    assert marked.columns == {'name', 'crs', 'gsd', 'date'} <= set(COLUMNS)


@pytest.mark.parametrize(
    ('text', 'days'),
    [
        ('2020', ('2020-01-01', '2021-01-01')),
        ('2020-02', ('2020-02-01', '2020-03-01')),
        ('2020-12', ('2020-12-01', '2021-01-01')),
        ('2020-02-29', ('2020-02-29', '2020-03-01')),
    ],
)
def test_a_date_is_the_whole_of_it(text, days):
    assert span(text) == days


@pytest.mark.parametrize('text', ['20', '2020-6', '2021-02-29', '0000', '9999', ''])
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match='no date'):
        span(text)
