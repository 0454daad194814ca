"""Convert an index of an older pir_mm; its vectors are kept.

python tools/convert_index.py INDEX
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('index', metavar='INDEX', help='index folder; replaced when all is done')
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.search import convert_index

        card = convert_index(arguments.index)
        print(f'{arguments.index}: {card.indexed} tiles converted')


if __name__ == '__main__':
    main()
