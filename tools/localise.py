"""Show where in a raster is what a sentence says, as a heat map.

python tools/localise.py scene.tif "planes beside a terminal" --model work_dirs/x/config.py
    work_dirs/x/best.pth --out heat.tif --out heat.png

Windows of several sizes slide over the raster. A .tif is a Cloud Optimised GeoTIFF in the raster's
own place and size, a .png or .pdf a picture. With the true places as polygons in GeoJSON the
indicators Rsu, Ras, Rda and Rmi of semantic localisation are printed.
"""

import argparse
import os
import sys


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('raster', metavar='RASTER', help='a GeoTIFF, a raster or a picture')
    parser.add_argument('text', metavar='TEXT', help='the sentence')
    parser.add_argument(
        '--model',
        nargs='+',
        required=True,
        metavar='MODEL',
        help='CONFIG CKPT, or the name of a public retriever (tools/get_weights.py list)',
    )
    parser.add_argument(
        '--out',
        action='append',
        required=True,
        metavar='F',
        help='.tif, .png or .pdf file; can be repeated',
    )
    parser.add_argument(
        '--truth',
        metavar='F',
        help='GeoJSON of the true regions in longitude and latitude; in pixels for a raster '
        'without a place',
    )
    parser.add_argument(
        '--scales',
        nargs='+',
        default=['256', '512', '768'],
        metavar='SIZE',
        help='sides of the windows in pixels, or in metres, such as 160m [256 512 768]',
    )
    parser.add_argument(
        '--overlap',
        type=float,
        default=0.5,
        metavar='SHARE',
        help='of neighbouring windows, of their side [0.5]',
    )
    parser.add_argument(
        '--profile',
        choices=['auto', 'as-is', 'percentile', 'sentinel2-l2a'],
        default='auto',
        help='how samples become colours, as of tools/index.py [auto]',
    )
    parser.add_argument('--batch-size', type=int, default=32, help='windows per batch [32]')
    parser.add_argument(
        '--precision', choices=['bf16', 'fp32'], default='fp32', help="of the model's arithmetic"
    )
    parser.add_argument('--device', choices=['cpu', 'cuda'], help='[cuda if available, else cpu]')
    arguments = parser.parse_args()
    for out in arguments.out:
        if not (out.lower().endswith('.tif') or out.lower().endswith(('.png', '.pdf'))):
            parser.error(f'--out {out} must end in .tif, .png or .pdf')
        if os.path.realpath(out) == os.path.realpath(arguments.raster):
            parser.error(f'--out {out} is the raster itself')
    return arguments


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        import torch

        from pir_mm.apis.search import (
            evaluate_localisation,
            localise,
            query_notes,
            read_truth,
            write_localisation,
        )
        from pir_mm.apis.training import check_devices
        from pir_mm.apis.weights import load_retriever

        if len(arguments.model) > 2:
            raise ValueError(f'--model takes CONFIG CKPT or a NAME, got {arguments.model}')
        check_devices(arguments.device, gpus=None)
        device = arguments.device or ('cuda' if torch.cuda.is_available() else 'cpu')
        regions = read_truth(arguments.truth, arguments.raster) if arguments.truth else []
        model = load_retriever(*arguments.model, device=device)
        for note in query_notes(model, [arguments.text]):
            print(note, file=sys.stderr)
        found = localise(
            arguments.raster,
            arguments.text,
            model,
            arguments.scales,
            arguments.overlap,
            arguments.profile,
            arguments.batch_size,
            arguments.precision,
        )
        for note in found.notes:
            print(note, file=sys.stderr)
        print(found.summary())
        if regions:
            indicators = evaluate_localisation(found, regions)
            print('  '.join(f'{n.capitalize()} {v:.4f}' for n, v in indicators._asdict().items()))
        for out in arguments.out:
            write_localisation(out, found, regions)


if __name__ == '__main__':
    main()
