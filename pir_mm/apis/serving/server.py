"""Run the page on an address of this machine."""

import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pir_mm.apis.serving.limits import Limits
from pir_mm.files.extras import import_extra

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:{tiles}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
OPEN = (
    'the page has no password: on {host} whoever reaches this machine can search the index and '
    'see its pictures'
)


@dataclass(frozen=True)
class TileServer:
    """From where the page may draw a map below the results; else it draws a net of degrees.

    Args:
        url: of Web Mercator tiles, with ``{z}``, ``{x}`` and ``{y}``.
        attribution: whom the page names as the source.

    Raises:
        ValueError: if it is no such URL.
    """

    url: str
    attribution: str = ''

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        is_clean = not any(c.isspace() or c in ';,\'"' for c in self.url)
        marks = all(self.url.count(mark) == 1 for mark in ('{z}', '{x}', '{y}'))
        if parts.scheme not in ('http', 'https') or '{' in parts.netloc or not (marks and is_clean):
            raise ValueError(
                'a tile server is a URL such as https://tiles.example.org/{z}/{x}/{y}.png, got '
                f'{self.url!r}'
            )

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f'{parts.scheme}://{parts.netloc}'


def serve(
    index: str | Path,
    host: str = '127.0.0.1',
    port: int = 8765,
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str = 'cpu',
    root: str | Path | None = None,
    names: Iterable[str] = (),
    tile_server: TileServer | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve an index until the process is interrupted.

    Args:
        index: folder of the index; a new version of it is taken up when it is complete.
        host: address to listen on. Beyond this machine's own a sentence on stderr warns.
        port: to listen on; 0 for any that is free.
        config, checkpoint, device, root: as in :class:`pir_mm.apis.Searcher`.
        names: more names under which the server is reached.
        tile_server: for a map below the results.
        limits: of what clients may ask.

    Raises:
        FileNotFoundError, ValueError: as :class:`pir_mm.apis.Searcher`.
        ModuleNotFoundError: without the extra ``serve``.
        OSError: if the address cannot be had.
    """
    import_extra('fastapi', 'serve', 'the page needs')
    uvicorn = import_extra('uvicorn', 'serve', 'the page needs')
    from pir_mm.apis.serving.app import create_app
    from pir_mm.apis.serving.guard import Guard, is_loopback
    from pir_mm.apis.serving.messages import TileServerAnswer
    from pir_mm.apis.serving.served_index import ServedIndex

    limits = limits or Limits()
    with _listening(host, port) as listener:
        served = ServedIndex(index, config, checkpoint, device, root)
        told, origin = None, ''
        if tile_server is not None:
            told = TileServerAnswer(url=tile_server.url, attribution=tile_server.attribution)
            origin = f' {tile_server.origin}'
        app = Guard(
            create_app(served, limits, told), host, names, limits, POLICY.format(tiles=origin)
        )
        if not is_loopback(host):
            print(OPEN.format(host=host), file=sys.stderr)
        shown = f'[{host}]' if ':' in host else host
        print(f'http://{shown}:{listener.getsockname()[1]}/', flush=True)
        options = uvicorn.Config(
            app,
            log_level='warning',
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
        uvicorn.Server(options).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that has the address, before anything slow is done."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise ValueError(f'--host {host} is no address of this machine') from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OSError(
            f'cannot listen on {host}, port {port}: {error.strerror}; give another --port'
        ) from None
    return listener
