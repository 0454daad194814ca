"""The tables of the READMEs say what the files of measured runs say."""

import json
from pathlib import Path

import pytest

from pir_mm.apis.tables.table import make_row, render_table
from tests.conftest import ROOT

FAMILIES = sorted(folder.parent for folder in (ROOT / 'configs').glob('*/results'))


def tables(text):
    """Cells of every table of a page, row by row, its head first."""
    found = [[]]
    for line in text.splitlines():
        if line.startswith('|'):
            found[-1].append([cell.strip() for cell in line.strip('|').split('|')])
        elif found[-1]:
            found.append([])
    return [[rows[0], *rows[2:]] for rows in found if rows]


def read(page):
    return page.read_text(encoding='utf-8')


MEASURED = [
    (family, rows[1:])
    for family in FAMILIES
    for page in sorted(family.rglob('README.md'))
    for rows in tables(read(page))
    if 'seeds' in rows[0]
]


def stem_of(row):
    return Path(row[1].strip('`')).stem


def runs_of(family, row):
    files = sorted((family / 'results').glob(f'{stem_of(row)}_seed*.json'))
    return [json.loads(path.read_text()) for path in files]


def expected(family, row, baseline):
    """What stands behind name and config: the runs, summarised anew, less minutes and size."""
    runs = runs_of(family, row)
    summary = make_row(runs, None if row is baseline else runs_of(family, baseline))
    ((_, cells),) = tables(render_table([summary], runs, ''))
    return cells[1:-2]


@pytest.mark.parametrize(
    ('family', 'rows'), MEASURED, ids=[f'{f.name}-{stem_of(rows[0])}' for f, rows in MEASURED]
)
def test_a_table_says_what_was_measured(family, rows):
    for row in rows:
        assert row[2:] == expected(family, row, baseline=rows[0]), row[0]


@pytest.mark.parametrize('family', FAMILIES, ids=lambda family: family.name)
def test_every_measured_run_is_in_a_table(family):
    named = {stem_of(row) for of, rows in MEASURED if of == family for row in rows}
    files = (family / 'results').glob('*_seed*.json')
    assert {path.stem.rpartition('_seed')[0] for path in files} == named


def test_the_first_page_repeats_rows_of_the_table():
    (rows,) = [rows for rows in tables(read(ROOT / 'README.md')) if 'mR' in rows[0]]
    known = [row[3:11] for _, rows in MEASURED for row in rows]
    assert [row[0] for row in rows[1:] if row[1:] not in known] == ['chance']
