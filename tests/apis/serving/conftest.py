"""An index of four colours and a planted raster, served to a client in this process."""

import dataclasses
from types import SimpleNamespace

import pytest

pytest.importorskip('fastapi', reason='fastapi is absent: pip install "pir_mm[serve]"')
pytest.importorskip('uvicorn', reason='uvicorn is absent: pip install "pir_mm[serve]"')

from starlette.testclient import TestClient

from pir_mm.apis import index_pictures
from pir_mm.apis.serving import Limits
from pir_mm.apis.serving.app import create_app
from pir_mm.apis.serving.guard import Guard
from pir_mm.apis.serving.served_index import ServedIndex
from tests.apis.conftest import COLOURS, ColourModel
from tests.search.planted import plant

FREE = dataclasses.replace(Limits(), posts_at_once=10**9, gets_at_once=10**9)
OTHERS = [f'{colour} {number}' for colour in ('red', 'green', 'blue') for number in range(20)]


class ReadingModel(ColourModel):
    """It tells which words it does not know, as real models do."""

    def __init__(self):
        super().__init__()
        self.tokenizer = SimpleNamespace(reading=self.reading)

    @staticmethod
    def reading(text):
        words = text.split()
        unknown = [word for word in words if word not in COLOURS and not word.isdecimal()]
        known = any(word in COLOURS for word in words)
        return SimpleNamespace(
            nothing_known=not known, unknown=unknown, used=len(words), words=len(words)
        )


@pytest.fixture
def reading_model():
    return ReadingModel()


@pytest.fixture
def archive(pictures):
    """The pictures, and ``maps/planted.tif`` in the same folder, which has a place."""
    (pictures / 'maps').mkdir()
    plant(pictures / 'maps' / 'planted.tif', 60, 60, [('red', 30, 30)], side=40)
    return pictures


@pytest.fixture
def index(archive, reading_model, tmp_path):
    index_pictures([archive], reading_model, tmp_path / 'index')
    return tmp_path / 'index'


@pytest.fixture
def served(index, reading_model):
    return ServedIndex(index, model=reading_model, background=OTHERS)


@pytest.fixture
def client_of(served):
    """A client of the server with some limits: ``with client_of(limits) as client``."""

    def start(limits=FREE, host='127.0.0.1', names=(), **options):
        app = Guard(create_app(served, limits), host, names, limits, "default-src 'none'")
        return TestClient(app, 'http://127.0.0.1', raise_server_exceptions=False, **options)

    return start


@pytest.fixture
def client(client_of):
    with client_of() as client:
        yield client
