"""Stands before the application: who may ask, how often, and how much."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from pir_mm.apis.serving.limits import ClientRates, Limits
from pir_mm.apis.serving.refusals import BUSY, Refused, told

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
PICTURES = '/api/pictures'
READS = ('GET', 'HEAD')


class Guard:
    """Refuses what another site sends, what is too much, and bodies that are too large or slow.

    A browser tells by ``Host``, ``Origin`` and ``Sec-Fetch-Site`` for whom it asks. A page of
    another site cannot forge them, nor read an answer, as none carries a header of CORS.

    Args:
        app: behind it.
        host: on which the server listens.
        names: more names under which it is reached.
        limits: of a client and of all.
        policy: value of ``Content-Security-Policy``.
    """

    def __init__(
        self,
        app: Callable[[Message, Receive, Send], Awaitable[None]],
        host: str,
        names: Iterable[str],
        limits: Limits,
        policy: str,
    ) -> None:
        self._app, self._host, self._limits = app, host.lower(), limits
        self._names = {'localhost', self._host, *(name.lower() for name in names)}
        if not is_loopback(host):
            self._names.add(socket.gethostname().lower())
        self._posts = ClientRates(limits.posts_per_second, limits.posts_at_once)
        self._gets = ClientRates(limits.gets_per_second, limits.gets_at_once)
        self._open = 0
        self._headers = {
            'Content-Security-Policy': policy,
            'Cross-Origin-Opener-Policy': 'same-origin',
            'Cross-Origin-Resource-Policy': 'same-origin',
            'Referrer-Policy': 'strict-origin',
            'X-Content-Type-Options': 'nosniff',
            'X-Frame-Options': 'DENY',
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
            return
        if scope['type'] != 'http':
            await send({'type': 'websocket.close', 'code': 1008})
            return

        async def send_guarded(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault('Cache-Control', 'no-store')
            await send(message)

        try:
            self._check(scope)
        except Refused as refused:
            await told(refused)(scope, receive, send_guarded)
            return
        self._open += 1
        try:
            await self._app(scope, self._bounded(scope, receive), send_guarded)
        finally:
            self._open -= 1

    def _check(self, scope: Message) -> None:
        headers = Headers(scope=scope)
        host = headers.get('host', '')
        if not self._is_ours(host):
            raise Refused(
                400, 'this server does not go by that name: add it by --name, if it is its own'
            )
        if 'origin' in headers and urlsplit_host(headers['origin']) != host.lower():
            raise Refused(403, 'another site may not ask this server')
        site = headers.get('sec-fetch-site', 'none')
        is_visit = headers.get('sec-fetch-mode') == 'navigate' and scope['method'] in READS
        if site not in ('none', 'same-origin') and not (is_visit and scope['path'] == '/'):
            raise Refused(403, 'another site may not ask this server')
        kind = headers.get('content-type', '').lower()
        is_json = kind.partition(';')[0].strip() == 'application/json'
        if scope['method'] == 'POST' and scope['path'] != PICTURES and not is_json:
            # what a browser sends for any site without asking is never JSON by this name
            raise Refused(415, 'send application/json')
        client = scope['client'][0] if scope.get('client') else ''
        rates = self._gets if scope['method'] in READS else self._posts
        if not rates.takes(client):
            raise Refused(429, 'you ask too often: wait a second')
        if self._open >= self._limits.open_requests:
            raise Refused(429, BUSY)
        length = headers.get('content-length', '0')
        if length.isdecimal() and int(length[:20]) > self._allowed_bytes(scope):
            raise self._too_large(scope)

    def _is_ours(self, host: str) -> bool:
        """Whether a ``Host`` names this server: a number cannot be made to lead elsewhere."""
        name = urlsplit_host(f'//{host}', with_port=False)
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not is_loopback(self._host)

    def _allowed_bytes(self, scope: Message) -> int:
        is_picture = scope['path'] == PICTURES
        return self._limits.picture_bytes if is_picture else self._limits.json_bytes

    def _too_large(self, scope: Message) -> Refused:
        return Refused(413, f'the body has more than {self._allowed_bytes(scope)} bytes')

    def _bounded(self, scope: Message, receive: Receive) -> Receive:
        """``receive`` that refuses a body that is too long or takes too long."""
        room, is_whole = self._allowed_bytes(scope), False
        end = time.monotonic() + self._limits.body_seconds

        async def receive_bounded() -> Message:
            nonlocal room, is_whole
            if is_whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(end - time.monotonic(), 0))
            except asyncio.TimeoutError:
                raise Refused(408, 'the body came too slowly') from None
            room -= len(message.get('body', b''))
            if room < 0:
                raise self._too_large(scope)
            is_whole = not message.get('more_body', False)
            return message

        return receive_bounded


def urlsplit_host(url: str, with_port: bool = True) -> str:
    """The host of a URL in lower case; empty for what is no URL."""
    try:
        parts = urlsplit(url)
        return parts.netloc.lower() if with_port else (parts.hostname or '')
    except ValueError:
        return ''


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address or name."""
    if host.lower() == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
