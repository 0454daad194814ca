"""Find what two data sets share but should not share.

python tools/audit.py pictures data/rsicd:test --against data/aid:train --out copies.json
python tools/audit.py pictures NEW_PICTURES --against ARCHIVE --out copies.json --sheet copies.png
python tools/audit.py captions data/rsicd:test --against data/rsitmd:train --out shared.json
python tools/audit.py captions A:test --against B:train --out shared.json --sheet shared.png
python tools/audit.py card data/rsicd:test
python tools/audit.py mixture data/rsicd:train data/ucm:train --tests data/ucm:test --out data/ret

A SET of pictures is
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
    captions = commands.add_parser(
        'captions',
        help='captions that two sets share, word by word or nearly so',
        description='Find the captions of a set that another set has too, and the images that '
        'share several captions with a single image of the other.',
        epilog='SET is FOLDER or FILE of a prepared set or of its captions, or SET:SPLIT',
    )
    captions.add_argument('captions', metavar='SET', help='captions to check')
    captions.add_argument(
        '--against', required=True, metavar='SET', help='captions among which is searched'
    )
    captions.add_argument('--out', required=True, metavar='F', help='.json file to write')
    captions.add_argument(
        '--sheet', metavar='F', help='.png or .pdf file: pictures with the captions they share'
    )
    captions.add_argument(
        '--threshold', type=float, default=0.8, help='lowest share of common words [0.8]'
    )
    card = commands.add_parser(
        'card',
        help='a set in numbers',
        description='Sizes, lengths, classes, repeated captions and the recall that they allow.',
        epilog='SET is FOLDER or FILE of a prepared set or of its captions, or SET:SPLIT',
    )
    card.add_argument('captions', metavar='SET')
    card.add_argument('--out', metavar='F', help='.json file to write')
    mixture = commands.add_parser(
        'mixture',
        help='what to leave out of training sets, so that no test set is seen',
        description='List the training pictures that are near-copies of test pictures, or that '
        'share several captions with one; for `leave_out` of pir_mm.CaptionDataset.',
        epilog='SET is FOLDER:SPLIT of a prepared set, or FILE:SPLIT of captions without pictures',
    )
    mixture.add_argument('train', nargs='+', metavar='SET', help='training sets')
    mixture.add_argument(
        '--tests', nargs='+', required=True, metavar='SET', help='splits that are tested on'
    )
    mixture.add_argument('--out', required=True, metavar='FOLDER', help='for manifest and lists')
    mixture.add_argument(
        '--threshold', type=float, default=0.75, help='lowest agreement of pictures [0.75]'
    )
    mixture.add_argument(
        '--together',
        type=int,
        default=2,
        help='captions shared with one picture; 1 leaves no test caption in training [2]',
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
        options = vars(arguments)
        RUN[options.pop('command')](options)


def run_pictures(options: dict) -> None:
    from pir_mm.apis.data.auditing import audit_pictures

    report = audit_pictures(**options)
    query, against = report['query'], report['against']
    print(
        f'{report["pictures_with_copy"]} of {query["count"]} pictures of {query["what"]} have '
        f'a near-copy among the {against["count"]} of {against["what"]}: {options["out"]}'
    )
    for summary in (query, against):
        for reason in ('broken', 'flat'):
            if summary[reason]:
                print(f'not compared, {reason}: {len(summary[reason])} of {summary["what"]}')


def run_captions(options: dict) -> None:
    from pir_mm.apis.data.caption_audit import audit_captions

    report = audit_captions(**options)
    print(
        f'of {report["distinct"]} distinct captions of {report["captions"]}, {report["against"]} '
        f'has {report["verbatim"]} word by word and {report["near"]} nearly so; '
        f'{report["images_that_share"]} of {report["images"]} images share a caption with one of '
        f'its images, {report["images_that_share_two"]} at least two with a single one: '
        f'{options["out"]}'
    )


def run_card(options: dict) -> None:
    from pir_mm.apis.data.caption_audit import data_card

    card = data_card(**options)
    ceiling = card['ceiling']
    print(
        f'{card["set"]}: {card["images"]} images, {card["captions"]} captions, '
        f'{card["distinct"]} distinct, {card["distinct_per_image"]:.2f} an image; '
        f'{card["words"]:.1f} words each, {card["longest"]} at most, {card["vocabulary"]} '
        f'different words; {len(card["classes"])} classes\n'
        f'{card["repeated_within"]} images repeat a caption of their own, {card["shared"]} '
        'captions describe more than one image, so that text to image reaches R@1 '
        f'{ceiling["t2i/R@1"]:.2f}, '
        f'R@5 {ceiling["t2i/R@5"]:.2f}, R@10 {ceiling["t2i/R@10"]:.2f} at most, '
        f'mR {ceiling["mR"]:.2f}'
    )


def run_mixture(options: dict) -> None:
    from pir_mm.apis.data.mixture import write_manifest

    manifest = write_manifest(**options)
    for name, part in manifest['train'].items():
        pictures = len({item['picture'] for item in part['left_out']})
        compared = '' if part['pictures_compared'] else ' (by captions alone: it has no pictures)'
        print(
            f'{pictures} of {part["pictures"]} pictures of {part["set"]} are to be left '
            f'out{compared}: {options["out"]}/{name}.txt'
        )


RUN = {
    'pictures': run_pictures,
    'captions': run_captions,
    'card': run_card,
    'mixture': run_mixture,
}


if __name__ == '__main__':
    main()
