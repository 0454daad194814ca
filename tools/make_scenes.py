"""Draw a caption data set from a seed: pictures that look as seen from above, five captions each.

python tools/make_scenes.py --out data/scenes --n-images 1000

The same seed gives the same pictures and captions on every machine. A second run has nothing to
do. Captions mention left and right, so train on these pictures without flips.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', required=True, help='folder to write, such as data/scenes')
    parser.add_argument('--n-images', type=int, default=1000, help='number of pictures [1000]')
    parser.add_argument('--seed', type=int, default=0, help='of everything that is random [0]')
    parser.add_argument(
        '--size', type=int, default=128, help='side of the pictures in pixels [128]'
    )
    parser.add_argument('--scenes', nargs='+', metavar='NAME', help='classes to draw [all]')
    parser.add_argument('--workers', type=int, help='number of processes [one for each core]')
    parser.add_argument(
        '--vocab-size', type=int, default=4000, help='largest number of word pieces [4000]'
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
        from pir_mm.apis.data import make_scenes

        make_scenes(**vars(arguments))


if __name__ == '__main__':
    main()
