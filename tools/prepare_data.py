"""Prepare a caption data set for training.

python tools/prepare_data.py rsicd --source DIR --out data/rsicd
python tools/prepare_data.py custom --captions pairs.csv --source DIR --out data/mine

DIR has the pictures, loose or in zip archives at any depth, and the caption file. A published set
must have the published number of pictures, and each picture is decoded once. The output folder
appears only if all is well. A second run has nothing to do.

Your own captions (custom) are one of:
  .csv   with the header image,caption[,class][,split] and one row for each caption
  .json  [{"image": ..., "captions": [...], "class": ..., "split": ...}]
  .json  {"images": [{"filename", "sentences": [{"raw"}], "class", "split"}]}, like published sets
class is optional. split is train, val or test; if no picture has a split, the pictures are split at
random into 80 / 10 / 10 percent.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', choices=['rsicd', 'ucm', 'rsitmd', 'sydney', 'custom'])
    parser.add_argument('--source', required=True, help='folder with pictures or zip archives')
    parser.add_argument('--out', required=True, help='folder to write, such as data/rsicd')
    parser.add_argument('--captions', help='caption file [the .json file under the source]')
    parser.add_argument(
        '--allow-missing',
        action='store_true',
        help='go on without missing or broken pictures, and with counts other than published',
    )
    parser.add_argument('--vocab', help='vocabulary file to copy [train one on the captions]')
    parser.add_argument(
        '--vocab-size', type=int, default=4000, help='largest number of word pieces [4000]'
    )
    parser.add_argument('--seed', type=int, default=0, help='of a random split [0]')
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()

    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.data import prepare_dataset

        prepare_dataset(**vars(arguments))


if __name__ == '__main__':
    main()
