"""How much clients may ask for."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

CLIENTS = 1024
"""Whose requests are counted; of more, those are forgotten that asked longest ago."""


@dataclass(frozen=True)
class Limits:
    """How much clients may ask for. What is above is refused.

    Args:
        json_bytes: of a body that is no picture.
        picture_bytes: of a picture.
        picture_pixels: width times height of a picture, told before it is decoded.
        picture_stretch: how many times one side of a picture may be the other.
        body_seconds: in which a body must have come.
        posts_per_second: of a client, over time, searches and pictures.
        posts_at_once: of a client that has been quiet.
        gets_per_second: of a client, over time, all else.
        gets_at_once: of a client that has been quiet.
        open_requests: of all clients.
        waiting_searches: of all clients, behind the batch that is computed.
        readers: pictures and thumbnails that are decoded at once.
        waiting_reads: of all clients.
        thumbnail_bytes: of thumbnails that are kept.
        kept_pictures: whose vectors are kept for the next search.
    """

    json_bytes: int = 64 * 1024
    picture_bytes: int = 32 * 1024**2
    picture_pixels: int = 40_000_000
    picture_stretch: int = 20
    body_seconds: float = 60
    posts_per_second: float = 5
    posts_at_once: int = 30
    gets_per_second: float = 50
    gets_at_once: int = 500
    open_requests: int = 256
    waiting_searches: int = 64
    readers: int = 2
    waiting_reads: int = 512
    thumbnail_bytes: int = 64 * 1024**2
    kept_pictures: int = 256


class ClientRates:
    """Whether a client may ask once more, by a bucket of tokens for each.

    Args:
        per_second: tokens that a bucket gains.
        at_once: tokens that it holds.
        now: seconds of a clock.
    """

    def __init__(
        self, per_second: float, at_once: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._at_once, self._now = per_second, at_once, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def takes(self, client: str) -> bool:
        """Take a token of a client, if it has one."""
        now = self._now()
        tokens, before = self._buckets.pop(client, (float(self._at_once), now))
        tokens = min(self._at_once, tokens + (now - before) * self._per_second)
        is_allowed = tokens >= 1
        self._buckets[client] = (tokens - is_allowed, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return is_allowed
