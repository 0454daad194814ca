"""Find what two data sets share but should not share.

python tools/audit.py pictures data/rsicd:test --against data/aid:train --out copies.json
python tools/audit.py pictures NEW_PICTURES --against ARCHIVE --out copies.json --sheet copies.png

A SET is
  FOLDER                 all pictures in it, at any depth
  FOLDER:SPLIT           train, val or test of a prepared data set
  FOLDER:SPLIT@RATIO@SEED
                         train or test of class folders, split at random as for scene
                         classifiers: RATIO is the share of each class in train [0.5],
                         SEED is the seed of the split [0]
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='WHAT')
    pictures = commands.add_parser(
        'pictures',
        help='near-copies: pictures of the same ground at the same time',
        description='List the pictures of a set that are near-copies of pictures of another set: '
        'resized, compressed, brighter, turned by quarters, mirrored, slightly cropped or shifted.',
        epilog='SET is FOLDER, FOLDER:SPLIT or FOLDER:SPLIT@RATIO@SEED, see audit.py -h',
    )
    pictures.add_argument('pictures', metavar='SET', help='pictures to check')
    pictures.add_argument(
        '--against', required=True, metavar='SET', help='pictures among which copies are searched'
    )
    pictures.add_argument('--out', required=True, metavar='F', help='.json file to write')
    pictures.add_argument('--sheet', metavar='F', help='.png or .pdf file with pairs to look at')
    pictures.add_argument(
        '--names',
        metavar='F',
        help='.txt file: the names alone, for leave_out of pir_mm.SceneFolder',
    )
    pictures.add_argument(
        '--threshold', type=float, default=0.75, help='lowest agreement, from 0.5 to 1 [0.75]'
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
        from pir_mm.apis.data.auditing import audit_pictures

        options = vars(arguments)
        del options['command']
        report = audit_pictures(**options)
        query, against = report['query'], report['against']
        print(
            f'{report["pictures_with_copy"]} of {query["count"]} pictures of {query["what"]} have '
            f'a near-copy among the {against["count"]} of {against["what"]}: {arguments.out}'
        )
        for summary in (query, against):
            for reason in ('broken', 'flat'):
                if summary[reason]:
                    print(f'not compared, {reason}: {len(summary[reason])} of {summary["what"]}')


if __name__ == '__main__':
    main()
