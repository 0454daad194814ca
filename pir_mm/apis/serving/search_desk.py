"""Answers searches one batch after the other: one thread uses the model and the searcher."""

import asyncio
import queue
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np

from pir_mm.apis.serving.limits import Limits
from pir_mm.apis.serving.messages import SearchRequest
from pir_mm.apis.serving.refusals import BUSY, Refused
from pir_mm.apis.serving.served_index import Edition, ServedIndex
from pir_mm.querying import EmbeddedQuery, JoinedQuery, Query, SearchResult
from pir_mm.search import TileFilter

BATCH = 32
"""Searches and pictures that are embedded together."""
IDLE_SECONDS = 2.0
"""After which a quiet thread looks for a new version of the index."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found, by files as clients see them, in which version of the index."""

    result: SearchResult
    edition: Edition


@dataclass(eq=False)
class _Ask:
    """A search, or a picture ``(H, W, 3)`` uint8 red first, that waits for its answer."""

    content: tuple[SearchRequest, TileFilter] | np.ndarray
    answer: 'Future[Answer | str]' = field(default_factory=Future)


class SearchDesk:
    """Takes all that waits, embeds it in one call for each kind, and answers one by one.

    Args:
        served: the index.
        limits: of what may wait.
    """

    def __init__(self, served: ServedIndex, limits: Limits) -> None:
        self._served = served
        self._waiting: queue.Queue[_Ask | None] = queue.Queue(limits.waiting_searches)
        self._kept = limits.kept_pictures
        self._pictures: OrderedDict[str, tuple[object, np.ndarray]] = OrderedDict()
        self._thread = threading.Thread(target=self._work, name='searches', daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after what is being answered; what waits is refused."""
        self._waiting.put(None)
        self._thread.join()

    async def search(self, request: SearchRequest, where: TileFilter) -> Answer:
        """Find what a request asks for.

        Raises:
            Refused: with the reason.
        """
        return await self._ask((request, where))

    async def embed(self, pixels: np.ndarray) -> str:
        """Embed a picture ``(H, W, 3)`` uint8, red first; returns the key under which it is kept.

        Raises:
            Refused: with the reason.
        """
        return await self._ask(pixels)

    async def _ask(self, content: object) -> object:
        ask = _Ask(content)
        try:
            self._waiting.put_nowait(ask)
        except queue.Full:
            raise Refused(429, BUSY) from None
        return await asyncio.wrap_future(ask.answer)

    def _work(self) -> None:
        is_open = True
        while is_open:
            asks, is_open = self._next()
            self._served.refresh()
            edition = self._served.current
            asks = [ask for ask in asks if ask.answer.set_running_or_notify_cancel()]
            pictures = [ask for ask in asks if isinstance(ask.content, np.ndarray)]
            searches = [ask for ask in asks if not isinstance(ask.content, np.ndarray)]
            if pictures:
                self._embed_pictures(edition, pictures)
            if searches:
                self._search(edition, searches)
        while not self._waiting.empty():
            ask = self._waiting.get_nowait()
            if ask is not None:
                ask.answer.set_exception(Refused(429, 'the server is ending'))

    def _next(self) -> tuple[list[_Ask], bool]:
        """All that waits, at most a batch, and whether to go on."""
        asks: list[_Ask] = []
        try:
            found = self._waiting.get(timeout=IDLE_SECONDS)
            while found is not None:
                asks.append(found)
                if len(asks) == BATCH:
                    return asks, True
                found = self._waiting.get_nowait()
        except queue.Empty:
            return asks, True
        return asks, False

    def _embed_pictures(self, edition: Edition, asks: Sequence[_Ask]) -> None:
        def embed(some: Sequence[_Ask]) -> np.ndarray:
            return edition.searcher.embed(*(ask.content for ask in some))

        for ask, vector in _each(edition, asks, embed):
            key = secrets.token_urlsafe(16)
            self._pictures[key] = (edition.index.fingerprint, vector)
            if len(self._pictures) > self._kept:
                self._pictures.popitem(last=False)
            ask.answer.set_result(key)

    def _search(self, edition: Edition, asks: Sequence[_Ask]) -> None:
        queries: dict[_Ask, Query] = {}
        for ask in asks:
            try:
                queries[ask] = self._query(edition, ask.content[0])
            except Exception as error:
                ask.answer.set_exception(_refusal(edition, error))

        def embed(some: Sequence[_Ask]) -> np.ndarray:
            return edition.searcher.embed(*(queries[ask] for ask in some))

        for ask, vector in _each(edition, list(queries), embed):
            request, where = ask.content
            try:
                found = edition.searcher.search(
                    queries[ask],
                    top_k=request.top_k,
                    where=where,
                    min_score=request.min_score,
                    merge=not request.every_tile,
                    vectors=vector[None],
                )
                ask.answer.set_result(Answer(_public(found, edition), edition))
            except Exception as error:
                ask.answer.set_exception(_refusal(edition, error))

    def _query(self, edition: Edition, request: SearchRequest) -> Query:
        if len(edition.index) == 0:
            raise Refused(409, 'the index holds no tile yet')
        text = (request.text or '').strip()
        more = [self._picture(edition, key) for key in request.pictures]
        more += [_tile(edition, number) for number in request.more_like]
        less = [_tile(edition, number) for number in request.less_like]
        if not text and not more:
            raise Refused(400, 'no query: give a sentence, a picture or a result to be like')
        if not more and not less:
            return text
        if not text and not less and len(more) == 1:
            return more[0]
        return JoinedQuery.of(text or (), more, less)

    def _picture(self, edition: Edition, key: str) -> EmbeddedQuery:
        fingerprint, vector = self._pictures.get(key, (None, None))
        if vector is None or edition.index.fingerprint.differences(fingerprint):
            raise Refused(404, 'this picture is no longer known: give it again')
        self._pictures.move_to_end(key)
        return EmbeddedQuery(vector, 'a picture')


def _tile(edition: Edition, number: int) -> EmbeddedQuery:
    try:
        (vector,) = edition.index.store.vectors(np.array([number]))
    except ValueError:
        raise Refused(404, f'the index has no tile {number}') from None
    return EmbeddedQuery(vector, f'tile {number}')


def _each(
    edition: Edition, asks: Sequence[_Ask], embed: Callable[[Sequence[_Ask]], np.ndarray]
) -> Iterator[tuple[_Ask, np.ndarray]]:
    """Each ask and its vector, of one call for all; if this is refused, of one for each."""
    try:
        yield from zip(asks, embed(asks) if asks else (), strict=True)
        return
    except Exception as error:
        if len(asks) == 1:
            asks[0].answer.set_exception(_refusal(edition, error))
            return
    for ask in asks:
        yield from _each(edition, [ask], embed)


def _refusal(edition: Edition, error: Exception) -> Exception:
    """A mistake of a client as a refusal; a fault of ours stays one."""
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return Refused(400, edition.public(str(error)))
    if isinstance(error, StopIteration):  # no future of asyncio takes it: who waits would hang
        fault = RuntimeError('an iterator ended too early')
        fault.__cause__ = error
        return fault
    return error


def _public(found: SearchResult, edition: Edition) -> SearchResult:
    """A result whose files have the names that clients see."""
    (result,) = found.results
    hits = tuple(
        replace(hit, tile=replace(hit.tile, source=edition.name_of(hit.tile.source)))
        for hit in result.hits
    )
    notes = tuple(edition.public(note) for note in found.notes)
    return replace(found, results=(replace(result, hits=hits),), notes=notes)
