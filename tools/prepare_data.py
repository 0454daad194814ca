"""Bring a caption data set into the layout that training reads.

python tools/prepare_data.py rsicd --source DIR --out data/rsicd
python tools/prepare_data.py custom --captions pairs.csv --source DIR --out data/mine

DIR holds the pictures, loose or in zip archives at any depth, and the caption file. The set is
checked against its published counts, every picture is decoded once, and the folder appears when
all is well. A second run finds nothing to do.

Own captions (custom) are a .csv with the header image,caption[,class][,split], a row per caption;
or a .json, [{"image": ..., "captions": [...], "class": ..., "split": ...}] or the published sets'
{"images": [{"filename", "sentences": [{"raw"}], "class", "split"}]}. class is optional. split is
train, val or test; where nothing has one, it is drawn by picture, 80 / 10 / 10 percent.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', choices=['rsicd', 'ucm', 'rsitmd', 'sydney', 'custom'])
    parser.add_argument('--source', required=True, help='folder of pictures or zip archives')
    parser.add_argument('--out', required=True, help='folder to write, such as data/rsicd')
    parser.add_argument('--captions', help='caption file [the .json under the source]')
    parser.add_argument(
        '--allow-missing',
        action='store_true',
        help='go on without missing or broken pictures, and with other than the published counts',
    )
    parser.add_argument('--vocab', help='vocabulary file to copy [trained on the captions]')
    parser.add_argument('--vocab-size', type=int, default=4000, help='pieces at most [4000]')
    parser.add_argument('--seed', type=int, default=0, help='of a split that is drawn [0]')
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()

    from pir_mm.apis.command import exit_with_reason

    with exit_with_reason():
        from pir_mm.apis.data.preparation import prepare_dataset

        prepare_dataset(**vars(arguments))


if __name__ == '__main__':
    main()
