"""Write a prepared caption set as shards for pre-training, tar files as webdataset and RS5M have.

python tools/make_shards.py data/rsicd --out data/shards/rsicd
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data', metavar='FOLDER', help='prepared set')
    parser.add_argument('--out', required=True, metavar='FOLDER', help='folder of the shards')
    parser.add_argument('--split', default='train', help='train, val or test [train]')
    parser.add_argument('--size', type=int, default=1000, help='samples of a shard [1000]')
    parser.add_argument(
        '--leave-out', metavar='F', help='.txt list of pictures that must not be among them'
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
        from pir_mm.apis.data.sharding import make_shards

        samples, left_out = make_shards(**vars(arguments))
        print(f'{arguments.out}: {samples} samples, {left_out} pictures left out')


if __name__ == '__main__':
    main()
