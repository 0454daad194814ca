"""The tables of the READMEs say what the files of measured runs say."""

import json
from pathlib import Path

import pytest

from pir_mm.apis.tables.table import make_row, render_table
from tests.conftest import ROOT

FOLDER = ROOT / 'configs' / 'pir'
PAGES = (FOLDER / 'README.md', FOLDER / 'small' / 'README.md')
RESULTS = FOLDER / 'results'


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


MEASURED = [rows[1:] for page in PAGES for rows in tables(read(page)) if 'seeds' in rows[0]]


def runs_of(row):
    stem = Path(row[1].strip('`')).stem
    return [json.loads(path.read_text()) for path in sorted(RESULTS.glob(f'{stem}_seed*.json'))]


def expected(row, baseline):
    """What stands behind name and config: the runs, summarised anew, less minutes and size."""
    runs = runs_of(row)
    summary = make_row(runs, None if row is baseline else runs_of(baseline))
    ((_, cells),) = tables(render_table([summary], runs, ''))
    return cells[1:-2]


@pytest.mark.parametrize('rows', MEASURED, ids=lambda rows: Path(rows[0][1]).stem)
def test_a_table_says_what_was_measured(rows):
    for row in rows:
        assert row[2:] == expected(row, baseline=rows[0]), row[0]


def test_every_measured_run_is_in_a_table():
    named = {Path(row[1].strip('`')).stem for rows in MEASURED for row in rows}
    assert {path.stem.rpartition('_seed')[0] for path in RESULTS.glob('*_seed*.json')} == named


def test_the_first_page_repeats_rows_of_the_table():
    (rows,) = [rows for rows in tables(read(ROOT / 'README.md')) if 'mR' in rows[0]]
    known = [row[3:11] for rows in MEASURED for row in rows]
    assert [row[0] for row in rows[1:] if row[1:] not in known] == ['chance']
