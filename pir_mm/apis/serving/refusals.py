"""How a client is told no: a status of 4xx and one sentence."""

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

BUSY = 'the server has too much to do: ask again in a moment'
SHOWN = 80
"""Characters of a client's own words in a sentence."""
STATUSES = {
    400: 'The request cannot be answered as it is.',
    403: 'Another site may not ask.',
    404: 'There is no such thing.',
    408: 'The body came too slowly.',
    409: 'The index holds nothing yet.',
    413: 'The body or the picture is too large.',
    415: 'The body is of another type.',
    422: 'A value is missing or out of its range.',
    429: 'Too much was asked at once.',
}


class Refused(HTTPException):
    """A request that is not answered, and why.

    Args:
        status: of HTTP, 400 to 499.
        sentence: for people.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence, {'Retry-After': '1'} if status == 429 else None)


def told(error: HTTPException) -> JSONResponse:
    """The response of a refusal."""
    content = {'detail': encodable(str(error.detail))}
    return JSONResponse(content, error.status_code, error.headers)


async def tell(request: Request, error: HTTPException) -> JSONResponse:
    """:func:`told`, as the application calls it."""
    return told(error)


async def tell_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """The first thing that is wrong with a request, in a sentence that does not repeat it."""
    first = error.errors()[0]
    place = '.'.join(str(part) for part in first['loc'][1:])[:SHOWN]
    words = first['msg'][:1].lower() + first['msg'][1:]
    return told(Refused(422, f'{place}: {words}' if place else f'the body: {words}'))


async def tell_fault(request: Request, error: Exception) -> JSONResponse:
    """What a fault of our own tells: the log has the rest."""
    content = {'detail': 'this is a fault of the server, whose log says more'}
    return JSONResponse(content, 500)


def encodable(text: str) -> str:
    """A text with half characters shown by their numbers."""
    return text.encode('utf-8', errors='backslashreplace').decode()
