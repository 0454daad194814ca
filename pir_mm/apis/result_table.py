"""A table of runs as Markdown and JSON."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pir_mm.apis.table_row import RECALLS, TableRow


def render_table(rows: Sequence[TableRow], results: Sequence[dict], command: str) -> str:
    """Markdown of the table, and of all that it takes to make it again."""
    head = ['config', 'seeds', *(k.replace('/', ' ') for k in RECALLS), 'mR', '95 % over pictures']
    head += ['difference of mR', '95 % over pictures']
    left_out = [r['left_out']['pictures'] for r in results if 'left_out' in r]
    if left_out:
        head.append(f'mR without {left_out[0]} pictures that have copies')
    head += ['minutes', 'parameters (trained)']
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    for row in rows:
        cells = [f'`{row.name}`', str(len(row.seeds))]
        cells += [f'{row.recall[key]:.2f}' for key in RECALLS]
        cells += [_with_deviation(row.recall['mR'], row.deviation), _range(row.interval)]
        if row.difference is None:
            cells += ['', '']
        else:
            cells.append(_with_deviation(row.difference, row.difference_deviation, sign='+'))
            cells.append(_range(row.difference_interval, sign='+'))
        if left_out:
            cells.append('' if row.without is None else f'{row.without:.2f}')
        cells.append('' if row.minutes is None else f'{row.minutes:.1f}')
        millions = (row.parameters[kind] / 1e6 for kind in ('all', 'trained'))
        cells.append('{:.1f} M ({:.1f} M)'.format(*millions))
        lines.append('| ' + ' | '.join(cells) + ' |')
    ceiling = results[0]['ceiling']
    lines += [
        '',
        f'Ceiling of this test set, whose captions repeat: t2i R@1 {ceiling["t2i/R@1"]:.2f}, R@5 '
        f'{ceiling["t2i/R@5"]:.2f}, R@10 {ceiling["t2i/R@10"]:.2f}, mR {ceiling["mR"]:.2f}. '
        f'{results[0]["pictures"]} pictures, {results[0]["captions"]} captions. ± is the standard '
        'deviation over seeds; intervals are bootstraps over test pictures, seeds averaged.',
        '',
        f'`{command}`; seeds {_joined(r["seed"] for r in results)}; commit '
        f'{_joined(r["commit"] for r in results)}; {_joined(r["hardware"] for r in results)}; '
        f'torch {_joined(r["versions"]["torch"] for r in results)}; data '
        f'{_joined(r["data_digest"] for r in results)}; weights '
        f'{_joined(f"{p} {d}" for r in results for p, d in r["weights"].items()) or "none"}.',
    ]
    return '\n'.join(lines) + '\n'


def write_table(out: Path, rows: Sequence[TableRow], results: Sequence[dict], command: str) -> None:
    """Write ``out`` with the suffixes ``.md`` and ``.json``."""
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        '.md': render_table(rows, results, command),
        '.json': json.dumps([vars(row) for row in rows], indent=1) + '\n',
    }
    for suffix, text in content.items():
        temporary = out.with_name(f'.{out.name}{suffix}.{os.getpid()}')
        temporary.write_text(text)
        os.replace(temporary, out.with_name(out.name + suffix))


def _with_deviation(value: float, deviation: float | None, sign: str = '') -> str:
    shown = f'{value:{sign}.2f}'
    return shown if deviation is None else f'{shown} ± {deviation:.2f}'


def _range(ends: tuple[float, float], sign: str = '') -> str:
    return f'{ends[0]:{sign}.2f} to {ends[1]:{sign}.2f}'


def _joined(values) -> str:
    return ', '.join(map(str, dict.fromkeys(values)))
