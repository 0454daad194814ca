"""Classify pictures by the names of their scenes, with a model that was never trained on them.

python tools/zero_shot.py data/aid --model remoteclip-vit-b-32 --out aid.json --picture aid.png

The set has one folder of pictures a class, or is FOLDER:SPLIT of a prepared caption set. For
retrieval without training use tools/test.py with a model's name and --data.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'folder',
        metavar='SET',
        help='folder with one folder of pictures a class, or FOLDER:SPLIT of a prepared set',
    )
    parser.add_argument(
        '--model',
        nargs='+',
        required=True,
        metavar='MODEL',
        help='CONFIG CKPT, or the name of a public retriever (tools/get_weights.py list)',
    )
    parser.add_argument(
        '--template',
        action='append',
        metavar='TEXT',
        help='sentence with {} for the class, may be given several times [four of satellite '
        'and aerial pictures]',
    )
    parser.add_argument(
        '--leave-out', metavar='F', help='.txt list of pictures that are not asked about'
    )
    parser.add_argument('--out', metavar='F', help='.json file for the result')
    parser.add_argument('--picture', metavar='F', help='.png or .pdf file: what is taken for what')
    parser.add_argument('--batch-size', type=int, default=64, help='pictures per batch [64]')
    parser.add_argument('--device', choices=['cpu', 'cuda'], help='[cuda if available, else cpu]')
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        import torch

        from pir_mm.apis.training import check_devices
        from pir_mm.apis.weights import load_retriever
        from pir_mm.apis.zero_shot import TEMPLATES, classify_scenes

        if len(arguments.model) > 2:
            raise ValueError(f'--model takes CONFIG CKPT or a NAME, got {arguments.model}')
        check_devices(arguments.device, gpus=None)
        device = arguments.device or ('cuda' if torch.cuda.is_available() else 'cpu')
        result = classify_scenes(
            load_retriever(*arguments.model, device=device),
            arguments.folder,
            arguments.template or TEMPLATES,
            arguments.leave_out,
            arguments.picture,
            arguments.out,
            arguments.batch_size,
        )
        low, high = result.interval
        print(
            f'{sum(result.pictures)} pictures of {len(result.classes)} scenes: top-1 '
            f'{result.top1:.2f} % ({low:.2f} to {high:.2f}), top-5 {result.top5:.2f} %, chance '
            f'{result.chance:.2f} %'
        )


if __name__ == '__main__':
    main()
