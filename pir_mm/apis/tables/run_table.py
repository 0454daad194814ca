"""All runs of a table, some at a time, each in a process of its own."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from tqdm import tqdm

from pir_mm.apis.tables.run import LeftOut, Run, finished_result, measure
from pir_mm.apis.tables.table import make_row, write_table


def run_table(
    configs: Sequence[str | Path],
    seeds: Sequence[int],
    *,
    results: Path,
    work_dirs: Path,
    out: Path,
    baseline: str | None = None,
    leave_out: Path | None = None,
    jobs: int = 1,
    report_only: bool = False,
    options: Sequence[str] = (),
    command: str = '',
) -> list[str]:
    """Measure every config with every seed, and write the table anew after each.

    Finished runs are read from ``results``, killed ones continued, failed ones named and passed
    over. The first seed of all rows comes before the second of any.

    Args:
        configs: one a row, in the order of the table.
        seeds: of the runs.
        results: folder of result files.
        work_dirs: folder of checkpoints and logs.
        out: the table, without suffix.
        baseline: stem of the config that the others are compared with; the first by default.
        leave_out: pictures without which recall is reported a second time.
        jobs: runs at a time, which share the cores. Two runs of one thread get more done than
            one run of two.
        report_only: tabulate what is finished.
        options: ``key=value`` pairs merged into every config.
        command: what is written below the table as its origin.

    Returns:
        what failed, a sentence each.

    Raises:
        ValueError: if an argument is wrong, or no run is finished in the end.
        FileNotFoundError: if a config or ``leave_out`` is missing.
    """
    configs = [Path(config) for config in configs]
    rows = [config.stem for config in configs]
    _check(configs, rows, seeds, baseline, leave_out, jobs)
    runs = [
        Run(config, seed, tuple(options or ()), results, work_dirs, leave_out)
        for seed in seeds
        for config in configs
    ]
    finished: dict[Run, dict] = {}
    failed = []
    for run, outcome in _measured(runs, 0 if report_only else jobs):
        if isinstance(outcome, Exception):
            failed.append(f'{run.row} seed {run.seed}: {outcome}')
            tqdm.write(f'failed: {failed[-1]}', file=sys.stderr)
            continue
        tqdm.write(f'{run.row} seed {run.seed}: mR {outcome["metrics"]["mR"]:.2f}')
        finished[run] = outcome
        _write(out, runs, rows, baseline or rows[0], finished, command)
    if not finished:
        raise ValueError('no run is finished, so there is no table')
    print(f'{len(finished)} of {len(runs)} runs: {out}.md, {out}.json')
    return failed


def _check(configs, rows, seeds, baseline, leave_out, jobs) -> None:
    missing = [str(p) for p in (*configs, leave_out) if p is not None and not p.is_file()]
    if missing:
        raise FileNotFoundError(f'{missing[0]} does not exist')
    for what, values in (('config', rows), ('seed', seeds)):
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise ValueError(f'{what} {twice[0]} is there twice')
    if baseline is not None and baseline not in rows:
        raise ValueError(f'baseline {baseline!r} is none of {", ".join(rows)}')
    if jobs < 1:
        raise ValueError(f'jobs must be at least 1, got {jobs}')
    if leave_out is not None:
        LeftOut(leave_out)


def _measured(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, dict | Exception]]:
    """Runs as they end, finished ones first; with no jobs none but these."""
    still_open = []
    for run in runs:
        try:
            result = finished_result(run)
        except ValueError as error:
            yield run, error
            continue
        if result is None:
            still_open.append(run)
        else:
            yield run, result
    if not still_open or not jobs:
        return
    spawn = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(jobs, spawn, max_tasks_per_child=1) as pool:
        futures = {pool.submit(_measure_logged, run, jobs): run for run in still_open}
        try:
            for future in tqdm(as_completed(futures), total=len(futures), unit='run'):
                yield futures[future], future.exception() or future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def _measure_logged(run: Run, jobs: int) -> dict:
    """In a process of its own, with what it prints in the run's folder."""
    run.work_dir.mkdir(parents=True, exist_ok=True)
    if not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    with open(run.work_dir / 'console.log', 'a') as log:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())
        return measure(run)


def _write(out, runs, rows, baseline, finished, command) -> None:
    by_row = {row: [finished[r] for r in runs if r.row == row and r in finished] for row in rows}
    others = by_row[baseline]
    table = [
        make_row(results, None if row == baseline else others)
        for row, results in by_row.items()
        if results
    ]
    write_table(out, table, [r for results in by_row.values() for r in results], command)
