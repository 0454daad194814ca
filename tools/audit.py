"""Find what two sets share that should not be shared.

python tools/audit.py pictures data/rsicd:test --against data/aid:train --out copies.json
python tools/audit.py pictures NEW_PICTURES --against ARCHIVE --out copies.json --sheet copies.png

A SET is
  FOLDER                 all pictures in it, at any depth
  FOLDER:SPLIT           train, val or test of a prepared data set
  FOLDER:SPLIT@RATIO@SEED
                         train or test of class folders, drawn as scene classifiers are trained:
                         the share of each class in train [0.5], and the seed [0]
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='WHAT')
    pictures = commands.add_parser(
        'pictures',
        help='near-copies: the same ground at the same time',
        description='List the pictures of a set that are near-copies of pictures of another: '
        'resized, compressed, brightened, turned by quarters, mirrored, slightly cut or shifted.',
        epilog='SET: FOLDER, FOLDER:SPLIT or FOLDER:SPLIT@RATIO@SEED, see audit.py -h',
    )
    pictures.add_argument('pictures', metavar='SET', help='whose pictures are looked up')
    pictures.add_argument('--against', required=True, metavar='SET', help='where copies are sought')
    pictures.add_argument('--out', required=True, metavar='F', help='.json to write')
    pictures.add_argument('--sheet', metavar='F', help='.png or .pdf of pairs to look at')
    pictures.add_argument(
        '--threshold', type=float, default=0.75, help='lowest agreement, 0.5 to 1 [0.75]'
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    from pir_mm.apis.command import exit_with_reason

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
        for account in (query, against):
            for reason in ('broken', 'flat'):
                if account[reason]:
                    print(f'not compared, {reason}: {len(account[reason])} of {account["what"]}')


if __name__ == '__main__':
    main()
