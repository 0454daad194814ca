"""All runs of a table, each in its own process, a few at a time."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
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
    """Measure every config with every seed, and write the table again after each run.

    Finished runs are read from ``results``. Killed runs continue. A failed run is reported and
    does not stop the others. The first seed of all configs runs before the second seed of any.

    Args:
        configs: one config per row, in the order of the table.
        seeds: seeds of each row.
        results: folder of result files.
        work_dirs: folder of checkpoints and logs.
        out: path of the table, without suffix.
        baseline: stem of the config to compare with; by default the first.
        leave_out: list of pictures for a second measurement without them.
        jobs: number of runs at the same time; they share the cores. Two runs with one thread
            each are faster than one run with two threads.
        report_only: train nothing, make the table of the finished runs.
        options: ``key=value`` pairs that are merged into every config.
        command: command that is written below the table.

    Returns:
        One sentence for each failed run.

    Raises:
        ValueError: if an argument is wrong, or if no run is finished at the end.
        FileNotFoundError: if a config or ``leave_out`` does not exist.
    """
    configs = [Path(config) for config in configs]
    rows = [config.stem for config in configs]
    _check_arguments(configs, rows, seeds, baseline, leave_out, jobs)
    runs = [
        Run(config, seed, tuple(options or ()), results, work_dirs, leave_out)
        for seed in seeds
        for config in configs
    ]
    finished: dict[Run, dict] = {}
    failed = []
    for run, result in _results(runs, 0 if report_only else jobs):
        if isinstance(result, Exception):
            failed.append(f'{run.row} seed {run.seed}: {result}')
            tqdm.write(f'failed: {failed[-1]}', file=sys.stderr)
            continue
        tqdm.write(f'{run.row} seed {run.seed}: mR {result["metrics"]["mR"]:.2f}')
        finished[run] = result
        by_row = {
            row: [finished[r] for r in runs if r in finished and r.row == row] for row in rows
        }
        _write(out, by_row, baseline or rows[0], command)
    if not finished:
        raise ValueError('no run is finished, so there is no table')
    print(f'{len(finished)} of {len(runs)} runs: {out}.md, {out}.json')
    return failed


def _check_arguments(
    configs: Sequence[Path],
    rows: Sequence[str],
    seeds: Sequence[int],
    baseline: str | None,
    leave_out: Path | None,
    jobs: int,
) -> None:
    missing = [str(p) for p in (*configs, leave_out) if p is not None and not p.is_file()]
    if missing:
        raise FileNotFoundError(f'{missing[0]} does not exist')
    for name, values in (('config', rows), ('seed', seeds)):
        repeated = [value for value in values if values.count(value) > 1]
        if repeated:
            raise ValueError(f'{name} {repeated[0]} is given twice')
    if baseline is not None and baseline not in rows:
        raise ValueError(f'baseline {baseline!r} is not one of {", ".join(rows)}')
    if jobs < 1:
        raise ValueError(f'jobs must be at least 1, got {jobs}')
    if leave_out is not None:
        LeftOut(leave_out)  # refuses a file of another kind


def _results(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, dict | Exception]]:
    """Yield finished runs first, then the others as they end; with ``jobs=0`` no others."""
    unfinished = []
    for run in runs:
        try:
            result = finished_result(run)
        except ValueError as error:
            yield run, error
            continue
        if result is None:
            unfinished.append(run)
        else:
            yield run, result
    if unfinished and jobs:
        yield from _measure_all(unfinished, jobs)


def _in_own_process(run: Run, jobs: int) -> dict:
    spawn = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, spawn) as process:
        return process.submit(_measure_logged, run, jobs).result()


def _measure_all(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, dict | Exception]]:
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(_in_own_process, run, jobs): run for run in runs}
        try:
            for future in tqdm(as_completed(futures), total=len(futures), unit='run'):
                yield futures[future], future.exception() or future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def end_with_parent() -> None:
    """End this process when the one that started it ends, however that happens.

    Otherwise the runs of a killed table went on, beside those of the next one in the same folders.
    """

    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()
        os._exit(1)

    if parent is not None:
        threading.Thread(target=wait, name='end with parent', daemon=True).start()


def _measure_logged(run: Run, jobs: int) -> dict:
    """Measure a run in this process, with its output in ``console.log`` of its folder."""
    end_with_parent()
    run.work_dir.mkdir(parents=True, exist_ok=True)
    if not torch.cuda.is_available():
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    with open(run.work_dir / 'console.log', 'a') as log:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())
        return measure(run)


def _write(out: Path, by_row: dict[str, list[dict]], baseline: str, command: str) -> None:
    table = [
        make_row(results, None if row == baseline else by_row[baseline])
        for row, results in by_row.items()
        if results
    ]
    write_table(out, table, [r for results in by_row.values() for r in results], command)
