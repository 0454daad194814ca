"""Run the main job on generated scenes: generate, train, test, index and search.

bash tools/quickstart.sh sets up the environment first and then runs this command.
"""

import argparse
import os
from pathlib import Path

TOOLS = Path(os.path.relpath(Path(__file__).parent))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--out', default='work_dirs/quickstart', help='folder of results [work_dirs/quickstart]'
    )
    parser.add_argument('--data', default='data/scenes', help='folder of scenes [data/scenes]')
    parser.add_argument('--n-images', type=int, default=1000, help='scenes to generate [1000]')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        metavar='KEY=VALUE',
        help='change values of the config',
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
        from pir_mm.apis.training import run_quickstart

        run_quickstart(
            TOOLS,
            TOOLS.parent / 'configs' / 'demo' / 'pir_itr_scenes.py',
            Path(arguments.data),
            Path(arguments.out),
            arguments.n_images,
            arguments.cfg_options,
        )


if __name__ == '__main__':
    main()
