"""Configs and seeds in, one table of their results out."""

from pir_mm.apis.tables.run import LeftOut, Run, finished_result, measure, score_split
from pir_mm.apis.tables.run_log import RunScalars, read_run
from pir_mm.apis.tables.runs import run_table
from pir_mm.apis.tables.table import TableRow, make_row, render_table, write_table

__all__ = [
    'LeftOut',
    'Run',
    'RunScalars',
    'TableRow',
    'finished_result',
    'make_row',
    'measure',
    'read_run',
    'render_table',
    'run_table',
    'score_split',
    'write_table',
]
