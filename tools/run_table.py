"""Run configs with several seeds and write one table of the results.

python tools/run_table.py configs/pir/small/*.py --seeds 0 1 2 --baseline pir_small_baseline_rsicd

Each finished run writes a small JSON file to the folder of results. If you start the command again,
it reads finished runs, continues killed runs and starts the others.
"""

import argparse
import shlex
import sys
from pathlib import Path


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG', type=Path, help='one per row')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='[0 1 2]')
    parser.add_argument(
        '--baseline', metavar='ROW', help='stem of the config to compare with [the first]'
    )
    parser.add_argument(
        '--results', type=Path, default=Path('work_dirs/table'), help='folder [work_dirs/table]'
    )
    parser.add_argument(
        '--work-dirs', type=Path, default=Path('work_dirs'), help='checkpoints and logs [work_dirs]'
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='path of the table without suffix; .md and .json are written [RESULTS/table]',
    )
    parser.add_argument(
        '--leave-out',
        metavar='FILE',
        type=Path,
        help='list from tools/audit.py; recall is also measured without these pictures',
    )
    parser.add_argument('--jobs', type=int, default=1, help='runs at the same time [1]')
    parser.add_argument(
        '--report-only', action='store_true', help='train nothing, make the table of finished runs'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        metavar='KEY=VALUE',
        help='change values of every config',
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
        from pir_mm.apis.tables import run_table

        failed = run_table(
            arguments.configs,
            arguments.seeds,
            results=arguments.results,
            work_dirs=arguments.work_dirs,
            out=arguments.out or arguments.results / 'table',
            baseline=arguments.baseline,
            leave_out=arguments.leave_out,
            jobs=arguments.jobs,
            report_only=arguments.report_only,
            options=arguments.cfg_options,
            command=shlex.join(['python', *sys.argv]),
        )
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
