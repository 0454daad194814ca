"""Measure how fast the package is, each time against a named alternative in the same run.

python tools/benchmark.py --out work_dirs/benchmarks
python tools/benchmark.py --quick --out work_dirs/benchmarks
python tools/benchmark.py --case affiliation_b512 recall_1k_5k --out work_dirs/benchmarks

Writes benchmarks.json and benchmarks.md. Ours and the alternative run in turn and must give the
same result.
"""

import argparse
import shlex
import sys


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='losses, ranking, filter and cascade alone, in fewer rounds',
    )
    parser.add_argument('--case', nargs='+', metavar='NAME', help='these cases alone; see --list')
    parser.add_argument('--list', action='store_true', help='print the names of all cases')
    parser.add_argument(
        '--out', default='work_dirs/benchmarks', metavar='DIR', help='[work_dirs/benchmarks]'
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.benchmarking import BUDGET, CASES, QUICK, QUICK_BUDGET, run_cases

        if arguments.list:
            print('\n'.join(CASES))
            return
        names = arguments.case or (QUICK if arguments.quick else tuple(CASES))
        budget = QUICK_BUDGET if arguments.quick else BUDGET
        results = run_cases(names, arguments.out, shlex.join(['python', *sys.argv]), budget)
        print(f'{len(results)} of {len(names)} cases: {arguments.out}/benchmarks.md')
        different = [result['case'] for result in results if not result['equal']]
        if different:
            raise ValueError(f'other results than the alternative: {", ".join(different)}')


if __name__ == '__main__':
    main()
