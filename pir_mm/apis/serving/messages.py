"""What clients ask and what they are told, as the schema of the API has it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MAX_RESULTS = 200
MAX_LIKE = 8
"""Pictures and tiles of each kind in one query."""
DAY = r'^\d{4}(-\d{2}(-\d{2})?)?$'

TileId = Annotated[int, Field(ge=0, le=2**63 - 1)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class SearchRequest(BaseModel):
    """A query of a sentence, pictures and results that are joined, and what narrows it."""

    model_config = ConfigDict(extra='forbid')

    text: str | None = Field(None, max_length=500, description='A sentence.')
    pictures: list[Annotated[str, Field(max_length=64)]] = Field(
        [], max_length=MAX_LIKE, description='Keys of `POST /api/pictures`.'
    )
    more_like: list[TileId] = Field(
        [], max_length=MAX_LIKE, description='Tiles that results shall be like, by `id`.'
    )
    less_like: list[TileId] = Field(
        [], max_length=MAX_LIKE, description='Tiles that count half against the others.'
    )
    top_k: int = Field(24, ge=1, le=MAX_RESULTS, description='Results at most.')
    min_score: float | None = Field(None, ge=-1, le=1, allow_inf_nan=False)
    bbox: tuple[Degrees, Degrees, Degrees, Degrees] | None = Field(
        None,
        description='West, south, east, north in WGS84; west above east crosses the antimeridian.',
    )
    since: str | None = Field(None, pattern=DAY, description='First day, month or year.')
    until: str | None = Field(None, pattern=DAY, description='Last day, month or year.')
    where: str | None = Field(
        None, max_length=1000, description="A condition, such as `gsd <= 10 and name glob 'S2*'`."
    )
    every_tile: bool = Field(False, description='List all tiles of one place, not the best alone.')


class FoundTile(BaseModel):
    """One result."""

    id: int
    rank: int
    score: float
    percentile: float | None = Field(
        description='In percent, how many unrelated sentences find nothing better.'
    )
    name: str = Field(description='Of the file, below the folder that was indexed.')
    window: tuple[int, int, int, int] = Field(description='Column, row, width and height.')
    is_whole: bool = Field(description='Whether the window is all of the file.')
    others: int = Field(description='More tiles of this place that were found behind it.')
    date: str | None
    place: str = Field(description='Where its middle lies, in words; empty if unknown.')
    geometry: dict[str, Any] | None = Field(description='Of GeoJSON, in WGS84.')


class SearchAnswer(BaseModel):
    """What was found, best first."""

    version: str = Field(description='Of the index; another one after each update.')
    query: str
    results: list[FoundTile]
    verdict: str = Field(description='A sentence where nothing remarkable was found; else empty.')
    notes: list[str]


class PictureAnswer(BaseModel):
    """A picture that can be searched with for a while."""

    picture: str = Field(description='Its key, for `pictures` of a search.')
    width: int
    height: int


class TileServerAnswer(BaseModel):
    """From where the page may draw a map below the results."""

    url: str
    attribution: str


class IndexAnswer(BaseModel):
    """What is searched."""

    version: str
    name: str
    tiles: int
    files: int
    extent: tuple[float, float, float, float] | None = Field(
        description='West, south, east and north of all places.'
    )
    columns: list[str] = Field(description='What `where` may name.')
    tile_server: TileServerAnswer | None


class Refusal(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str
