"""Index pictures and rasters, so that they can be searched by a sentence or a picture.

python tools/index.py SOURCES --model work_dirs/x/config.py work_dirs/x/best.pth --out INDEX

The same command brings the index up to date: files that are new or have changed are embedded,
files that are gone are removed. A killed run goes on where it was. Several processes, also on
machines that see the same folders, share the work:

torchrun --nproc-per-node 4 tools/index.py SOURCES --model ... --out INDEX --launcher pytorch
"""

import argparse
import os
import sys
import time
from typing import Any


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('sources', nargs='*', metavar='SOURCE', help='pictures, rasters, folders')
    parser.add_argument(
        '--model',
        nargs='+',
        required=True,
        metavar='MODEL',
        help='a trained retriever, CONFIG CKPT; or the name of a public one, such as '
        'remoteclip-vit-b-32 (tools/get_weights.py list); the folder of an exported one; or, with '
        '--layout, its file or .zip',
    )
    parser.add_argument('--layout', help='whose names the file has, as in convert_checkpoint.py')
    parser.add_argument('--arch', help="open_clip's name of its architecture [by the layout]")
    parser.add_argument('--out', required=True, metavar='INDEX', help='index folder')
    parser.add_argument('--rebuild', action='store_true', help='start the index anew')
    parser.add_argument(
        '--remove',
        nargs='+',
        default=[],
        metavar='SOURCE',
        help='files and folders to take out of the index, whether they are still there or not',
    )
    parser.add_argument(
        '--root',
        metavar='DIR',
        help='where the archive lies now, if it has moved: the place of "root" in index.json',
    )
    parser.add_argument(
        '--checksum', action='store_true', help='see changes by content, not by size and time'
    )
    parser.add_argument(
        '--tile-size',
        metavar='SIZE',
        help='side of a tile in pixels, or in metres, such as 640m [256; pictures without a place '
        'stay whole up to 1024 pixels a side]',
    )
    parser.add_argument('--overlap', metavar='SIZE', help='of neighbouring tiles, likewise [0]')
    parser.add_argument(
        '--profile',
        choices=['auto', 'as-is', 'percentile', 'sentinel2-l2a'],
        help='how samples of rasters become colours [auto: Sentinel-2 by the names of its bands, '
        '8 bits as they are, others stretched between percentiles of the whole file]',
    )
    parser.add_argument(
        '--watch',
        nargs='?',
        type=float,
        const=60,
        metavar='SECONDS',
        help='look for changes again after so many seconds, until it is interrupted [60]',
    )
    parser.add_argument(
        '--store',
        metavar='STORE',
        help='what serves a search: exact, which compares every tile; faiss, which finds nearly '
        'all and says how many; auto, the first below 200,000 tiles, else the second; or the URL '
        'of Milvus, token in MILVUS_TOKEN and its server in MILVUS_URI [that of the index; of a '
        'new one auto]',
    )
    parser.add_argument('--batch-size', type=int, default=32, help='tiles per batch [32]')
    parser.add_argument(
        '--precision',
        choices=['bf16', 'fp32'],
        help="of the model's arithmetic [that of the index; of a new one bf16 where the device "
        'multiplies it]',
    )
    parser.add_argument('--device', choices=['cpu', 'cuda'], help='[cuda if available, else cpu]')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch'], default='none', help='pytorch: under torchrun'
    )
    arguments = parser.parse_args()
    if not arguments.sources and not arguments.remove:
        parser.error('give a picture, a raster or a folder of them, or --remove')
    return arguments


def files_of(arguments: argparse.Namespace) -> tuple:
    """Config and weights that --model names."""
    from pir_mm.apis.weights import retriever_files

    given = arguments.model
    if len(given) > 2 or (arguments.layout and len(given) > 1):
        raise ValueError(f'--model takes CONFIG CKPT, a NAME or a FILE, got {" ".join(given)}')
    if arguments.layout or arguments.arch:
        return retriever_files(None, given[0], arguments.layout, arguments.arch)
    if len(given) == 1 and given[0].endswith(('.pth', '.pt')):
        return retriever_files(None, given[0])
    return retriever_files(*given)


def tiling_of(arguments: argparse.Namespace) -> Any:
    """How to cut, or ``None`` as the index has it."""
    from pir_mm.apis.search import Tiling

    if arguments.tile_size is None and arguments.overlap is None:
        return None
    return Tiling(arguments.tile_size, arguments.overlap or 0)


def tell(out: str, card: Any) -> None:
    """Say how many tiles an index holds, and what was left out."""
    from pir_mm.apis.search import first_few

    print(f'{out}: {card.indexed} tiles indexed', flush=True)
    if card.store.rows:
        print(card.store.sentence, flush=True)
    for reason, names in card.skipped_by_reason.items():
        print(f'skipped {len(names)}: {reason}: {first_few(names)}', file=sys.stderr)
    if card.lost:
        print(
            f'{len(card.lost)} files of the index are not there, first {card.lost[0]}: name their '
            'new place by --root, or take them out by --remove',
            file=sys.stderr,
        )
    if card.skipped:
        print(f'all of them are in {out}/index.json', file=sys.stderr)


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        import torch

        from pir_mm.apis.search import index_pictures, join_index_group
        from pir_mm.apis.training import check_devices
        from pir_mm.apis.weights import load_retriever

        check_devices(arguments.device, gpus=None)
        config, checkpoint = files_of(arguments)
        device = arguments.device or ('cuda' if torch.cuda.is_available() else 'cpu')
        if arguments.launcher == 'pytorch':
            join_index_group()
            device += f':{os.environ["LOCAL_RANK"]}' if device == 'cuda' else ''
        model, told = load_retriever(config, checkpoint, device), None
        once = {'rebuild': arguments.rebuild, 'remove': arguments.remove, 'root': arguments.root}
        while True:
            card = index_pictures(
                arguments.sources,
                model,
                arguments.out,
                checkpoint=checkpoint,
                batch_size=arguments.batch_size,
                tiling=tiling_of(arguments),
                profile=arguments.profile,
                checksum=arguments.checksum,
                precision=arguments.precision,
                store=arguments.store,
                **once,
            )
            if card not in (None, told):  # in a group, one process tells it
                tell(arguments.out, card)
            if arguments.watch is None:
                return
            told, once = card, {}
            time.sleep(arguments.watch)


if __name__ == '__main__':
    main()
