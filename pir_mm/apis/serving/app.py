"""The page and the JSON API, as an application of FastAPI."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any, TypeVar

import numpy as np
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from pir_mm.apis.search import TileFilter
from pir_mm.apis.serving.guard import PICTURES
from pir_mm.apis.serving.limits import Limits
from pir_mm.apis.serving.messages import (
    FoundTile,
    IndexAnswer,
    PictureAnswer,
    Refusal,
    SearchAnswer,
    SearchRequest,
    TileServerAnswer,
)
from pir_mm.apis.serving.picture_body import read_body
from pir_mm.apis.serving.refusals import (
    BUSY,
    STATUSES,
    Refused,
    encodable,
    tell,
    tell_fault,
    tell_invalid,
)
from pir_mm.apis.serving.search_desk import Answer, SearchDesk
from pir_mm.apis.serving.served_index import ServedIndex
from pir_mm.apis.serving.thumbnails import Thumbnails
from pir_mm.querying.search_result import centre
from pir_mm.search import Hit, feature_collection
from pir_mm.search.where_clause import COLUMNS, parse_where
from pir_mm.version import __version__

Result = TypeVar('Result')
PAGE = {
    '/': ('index.html', 'text/html; charset=utf-8'),
    '/page.css': ('page.css', 'text/css; charset=utf-8'),
    '/page.js': ('page.js', 'text/javascript; charset=utf-8'),
    '/map.js': ('map.js', 'text/javascript; charset=utf-8'),
}
"""The only files that are served."""
HIDDEN_COLUMNS = {'source'}
"""By which a condition would spell out paths of this machine."""


class _Gate:
    """Runs work of threads, a few at once, and refuses what would wait behind too many."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free, self._room = asyncio.Semaphore(at_once), at_once + waiting

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        if self._room < 1:
            raise Refused(429, BUSY)
        self._room -= 1
        try:
            async with self._free:
                return await run_in_threadpool(work, *arguments)
        finally:
            self._room += 1


def create_app(
    served: ServedIndex, limits: Limits, tile_server: TileServerAnswer | None = None
) -> FastAPI:
    """The application; :class:`pir_mm.apis.serving.guard.Guard` belongs before it.

    Args:
        served: the index.
        limits: of what clients may ask.
        tile_server: from where the page may draw a map.
    """
    desk = SearchDesk(served, limits)
    thumbnails = Thumbnails(limits.thumbnail_bytes)
    gate = _Gate(limits.readers, limits.waiting_reads)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk.start()
        yield
        await run_in_threadpool(desk.stop)

    app = FastAPI(
        title='pir_mm',
        version=__version__,
        description='Searches an index of satellite and aerial pictures.',
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: tell,
            RequestValidationError: tell_invalid,
            Exception: tell_fault,
        },
        responses={
            code: {'model': Refusal, 'description': text} for code, text in STATUSES.items()
        },
    )
    _add_page(app)

    @app.get('/api/index')
    def index() -> IndexAnswer:
        """What is searched."""
        edition = served.current
        return IndexAnswer(
            version=edition.version,
            name=encodable(edition.index.folder.resolve().name),
            tiles=len(edition.index),
            files=edition.files,
            extent=edition.extent,
            columns=[name for name in COLUMNS if name not in HIDDEN_COLUMNS],
            tile_server=tile_server,
        )

    @app.post(PICTURES, openapi_extra=_PICTURE_BODY)
    async def pictures(request: Request) -> PictureAnswer:
        """Embed a picture, the body of the request, for the searches that follow."""
        kind = request.headers.get('content-type', '')
        if not kind.startswith(('image/', 'application/octet-stream')):
            raise Refused(415, 'send a picture as image/* or application/octet-stream')
        content = await request.body()
        if not content:
            raise Refused(400, 'the picture is empty')
        pixels: np.ndarray = await gate.run(read_body, content, limits)
        height, width = pixels.shape[:2]
        return PictureAnswer(picture=await desk.embed(pixels), width=width, height=height)

    @app.post('/api/search')
    async def search(request: SearchRequest) -> SearchAnswer:
        """Find tiles."""
        answer = await desk.search(request, _filter(request))
        (result,) = answer.result.results
        return SearchAnswer(
            version=answer.edition.version,
            query=_words(request),
            results=[_found(hit) for hit in result.hits],
            verdict=result.verdict,
            notes=list(answer.result.notes),
        )

    @app.post('/api/search/geojson', response_class=_GeoJSON)
    async def geojson(request: SearchRequest) -> Response:
        """The same as a file of GeoJSON (RFC 7946), for a GIS."""
        answer: Answer = await desk.search(request, _filter(request))
        return _GeoJSON(
            feature_collection(answer.result.hits),
            headers={'Content-Disposition': 'attachment; filename="found.geojson"'},
        )

    @app.get('/api/tiles/{number}/thumbnail', response_class=_JPEG)
    async def thumbnail(
        number: Annotated[int, Path(ge=0, le=2**63 - 1)],
        side: Annotated[int, Query(ge=64, le=512, multiple_of=64, description='In pixels.')] = 256,
        version: Annotated[
            str, Query(max_length=32, description='Of the index, so that no cache is outdated.')
        ] = '',
    ) -> Response:
        """A square JPEG picture of a tile."""
        edition = served.current
        try:
            content = await gate.run(thumbnails.picture, edition, number, side)
        except ValueError:
            raise Refused(404, f'the index has no tile {number}') from None
        is_lasting = version == edition.version
        age = 'private, max-age=86400, immutable' if is_lasting else 'no-cache'
        return _JPEG(content, headers={'Cache-Control': age})

    return app


class _JPEG(Response):
    media_type = 'image/jpeg'


class _GeoJSON(JSONResponse):
    media_type = 'application/geo+json'


_PICTURE_BODY = {
    'requestBody': {
        'required': True,
        'content': {
            kind: {'schema': {'type': 'string', 'format': 'binary'}}
            for kind in ('application/octet-stream', 'image/*')
        },
    }
}


def _add_page(app: FastAPI) -> None:
    files = resources.files('pir_mm.apis.serving') / 'page'

    def add(path: str, name: str, kind: str) -> None:
        content = (files / name).read_bytes()

        @app.get(path, include_in_schema=False)
        async def page() -> Response:
            return Response(content, headers={'Content-Type': kind, 'Cache-Control': 'no-cache'})

    for path, (name, kind) in PAGE.items():
        add(path, name, kind)


def _filter(request: SearchRequest) -> TileFilter:
    try:
        if request.where is not None:
            hidden = parse_where(request.where).columns & HIDDEN_COLUMNS
            if hidden:
                raise Refused(400, f'{", ".join(hidden)} cannot be asked for here: take name')
        return TileFilter(request.bbox, None, request.since, request.until, request.where)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _words(request: SearchRequest) -> str:
    """A query as the page names it."""
    text = (request.text or '').strip()
    counts = (
        (len(request.pictures), 'picture'),
        (len(request.more_like), 'result to be like'),
        (len(request.less_like), 'result to be unlike'),
    )
    parts = [f'{n} {what.replace(" ", "s ", 1) if n > 1 else what}' for n, what in counts if n]
    return ' + '.join([text, *parts] if text else parts)


def _found(hit: Hit) -> FoundTile:
    geometry = None if hit.tile.footprint is None else hit.tile.footprint.geometry
    return FoundTile(
        id=hit.id,
        rank=hit.rank,
        score=hit.score,
        percentile=hit.percentile,
        name=hit.tile.source,
        window=hit.tile.window,
        is_whole=hit.tile.is_whole,
        others=hit.others,
        date=hit.tile.date,
        place=centre(hit.tile),
        geometry=geometry,
    )
