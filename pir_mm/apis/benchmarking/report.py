"""Run cases, and write what they measured as JSON and as a table."""

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from pir_mm.apis.benchmarking.cases import CASES
from pir_mm.apis.benchmarking.contest import BUDGET, UnableError, measure, memory_apart
from pir_mm.apis.tables.provenance import commit, hardware
from pir_mm.files.writing import write_json, write_text

HEAD = '| case | against | ratio | target | met | equal | ours | alternative | rounds | memory |'


def run_cases(
    names: Sequence[str], out: str | Path, command: str = '', budget: float = BUDGET
) -> list[dict]:
    """Measure cases one after the other.

    Writes ``benchmarks.json``, a list of what is returned, and ``benchmarks.md`` after each case,
    so that a killed run keeps what it measured.

    Args:
        names: keys of ``CASES``.
        out: folder to write to.
        command: what the user called, for the table.
        budget: seconds after which a case ends, once it has been repeated three times.

    Returns:
        For each case that could run: ``case``, ``ratio`` (time of the alternative through ours),
        ``target``, ``met`` (``None`` without a target), ``equal``, ``ours``, ``alternative``,
        ``unit``, and more about the measurement, see :func:`measure`.

    Raises:
        ValueError: for an unknown name, or if no case could run.
    """
    wrong = [name for name in names if name not in CASES]
    if wrong:
        raise ValueError(f'no case is called {wrong[0]!r}, wanted one of {", ".join(CASES)}')
    out, results, notes = Path(out), [], []
    for name in tqdm(names, unit='case', disable=None):
        case = CASES[name]
        try:
            measured = measure(case.contest(), budget=budget)
            if case.apart:
                measured |= memory_apart(case.contest)
        except (UnableError, ModuleNotFoundError) as reason:
            notes.append(f'{name} was not run: {reason}')
            tqdm.write(notes[-1])
            continue
        met = None if case.target is None else measured['ratio'] >= case.target
        results.append({'case': name, 'target': case.target, 'met': met, **measured})
        tqdm.write(_line(results[-1]))
        write_json(out / 'benchmarks.json', results)
        write_text(out / 'benchmarks.md', table(results, notes, command))
    if notes and not results:
        raise ValueError('; '.join(notes))
    return results


def table(results: Sequence[dict], notes: Sequence[str], command: str) -> str:
    """The results in Markdown, with command, hardware and commit."""
    lines = [
        '# Speed',
        '',
        f'{hardware()}; commit {commit()}; `{command}`.',
        '',
        'Ratio is the time of the alternative through ours, medians of rounds in which both ran in '
        'turn. Memory is what ours needed above its start; of two numbers, ours and the '
        'alternative, each was measured in a process of its own.',
        '',
        HEAD,
        '|---' * (HEAD.count('|') - 1) + '|',
    ]
    for result in results:
        verdict = {None: '', True: 'yes', False: 'no'}[result['met']]
        target = '' if result['target'] is None else f'{result["target"]:g}'
        memory = [result[key] for key in ('peak_mib', 'alternative_peak_mib') if key in result]
        lines.append(
            f'| {result["case"]} | {result["against"]} | {result["ratio"]:.2f} | {target} '
            f'| {verdict} | {"yes" if result["equal"] else "NO"} | {result["ours"]:.1f} ms '
            f'| {result["alternative"]:.1f} ms | {result["rounds"]} '
            f'| {" and ".join(f"{needed:.0f} MiB" for needed in memory)} |'
        )
    return '\n'.join([*lines, *([''] + [f'- {note}' for note in notes] if notes else [])]) + '\n'


def _line(result: dict) -> str:
    target = '' if result['target'] is None else f' (target {result["target"]:g})'
    same = '' if result['equal'] else ', RESULTS DIFFER'
    return f'{result["case"]}: {result["ratio"]:.2f} times as fast{target}{same}'
