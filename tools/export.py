"""Take a model, or the vectors of an index, to other programs.

python tools/export.py onnx CONFIG CKPT --out EXPORT
python tools/search.py INDEX "two piers in a harbour" --model EXPORT
python tools/export.py vectors INDEX --out vectors.parquet

An exported model is a folder: both towers as ONNX, checked against torch, the tokenizer and the
preprocessing. tools/index.py and tools/search.py take it in the place of a model, for an index that
either of them made; a search with it does not import torch.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_subparsers(dest='what', required=True)
    onnx = what.add_parser('onnx', help='both towers of a retriever')
    onnx.add_argument(
        'model',
        nargs='+',
        metavar='MODEL',
        help='CONFIG CKPT, or the name of a public retriever (tools/get_weights.py list)',
    )
    onnx.add_argument('--out', required=True, metavar='DIR', help='new folder')
    onnx.add_argument(
        '--int8', action='store_true', help='weights of linear layers as 8-bit integers'
    )
    onnx.add_argument(
        '--check',
        metavar='SPLIT',
        choices=['val', 'test'],
        help="recall of the export and of torch on this split of the model's config",
    )
    vectors = what.add_parser('vectors', help='the vectors of an index')
    vectors.add_argument('index', metavar='INDEX', help='made by tools/index.py')
    vectors.add_argument('--out', required=True, metavar='F', help='.npy or .parquet file')
    vectors.add_argument(
        '--root', metavar='DIR', help='where the archive lies now, if it has moved'
    )
    arguments = parser.parse_args()
    if arguments.what == 'onnx' and len(arguments.model) > 2:
        parser.error(f'MODEL is CONFIG CKPT or a NAME, got {" ".join(arguments.model)}')
    return arguments


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.export import compare_recall, export_onnx, export_vectors
        from pir_mm.apis.weights import load_retriever

        if arguments.what == 'vectors':
            number = export_vectors(arguments.index, arguments.out, arguments.root)
            print(f'{arguments.out}: {number} vectors')
            return
        model = load_retriever(*arguments.model)
        arithmetic = 'int8' if arguments.int8 else 'fp32'
        print(f'{arguments.out}: {export_onnx(model, arguments.out, arithmetic)}', flush=True)
        if arguments.check:
            for name, recall in compare_recall(model, arguments.out, arguments.check).items():
                values = '  '.join(f'{key} {value:.2f}' for key, value in recall.items())
                print(f'{name} on {arguments.check}: {values}')


if __name__ == '__main__':
    main()
