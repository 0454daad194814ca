"""Search an index in a browser, on this machine.

python tools/serve.py INDEX
python tools/serve.py INDEX --port 8080 --root /mnt/archive
python tools/serve.py INDEX --tiles "https://tiles.example.org/{z}/{x}/{y}.png" --attribution "Us"

The page needs no network; its map is a net of degrees, unless --tiles names a server of maps. The
JSON API is described by /openapi.json.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('index', metavar='INDEX', help='made by tools/index.py')
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        metavar='ADDRESS',
        help='to listen on; others than this machine reach only others [127.0.0.1]',
    )
    parser.add_argument('--port', type=int, default=8765, metavar='N', help='0 for any [8765]')
    parser.add_argument(
        '--name',
        action='append',
        default=[],
        metavar='HOST',
        help='one more name under which browsers reach the server; can be repeated',
    )
    parser.add_argument('--tiles', metavar='URL', help='a server of Web Mercator map tiles')
    parser.add_argument('--attribution', default='', metavar='TEXT', help='of these tiles')
    parser.add_argument(
        '--root',
        metavar='DIR',
        help='where the archive lies now, if it has moved: the place of "root" in index.json',
    )
    parser.add_argument(
        '--model',
        nargs='+',
        metavar='MODEL',
        help='CONFIG CKPT, or the folder of an exported model [as stored in the index]',
    )
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu', help='[cpu]')
    arguments = parser.parse_args()
    if arguments.model and len(arguments.model) > 2:
        parser.error(f'--model takes CONFIG CKPT or a folder, got {" ".join(arguments.model)}')
    if not 0 <= arguments.port <= 65535:
        parser.error(f'--port must be 0 to 65535, got {arguments.port}')
    return arguments


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.serving import TileServer, serve
        from pir_mm.apis.training import check_devices

        tiles = TileServer(arguments.tiles, arguments.attribution) if arguments.tiles else None
        check_devices(arguments.device, gpus=None)
        serve(
            arguments.index,
            arguments.host,
            arguments.port,
            *((arguments.model or []) + [None, None])[:2],
            arguments.device,
            arguments.root,
            arguments.name,
            tiles,
        )


if __name__ == '__main__':
    main()
