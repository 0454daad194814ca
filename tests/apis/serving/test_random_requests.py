"""Requests drawn from the schema and beside it: none may be a fault of the server."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXTS = st.text() | st.sampled_from(['red', 'a green field', 'blue 2', 'red\x00', "'", '🛰', '٣'])
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 4, 2**63, -1, 1e308])
WORDS = ('name', 'gsd', 'date', 'and', 'not', '(', ')', '=', '<', 'in', 'glob', ',', 'null', 'is',
         "'*'", '2020-06', '1e999', '-5', 'width', 'crs', 'or', 'folder')  # fmt: skip
CONDITIONS = TEXTS | st.lists(st.sampled_from(WORDS), max_size=8).map(' '.join)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DATES = TEXTS | st.sampled_from(['2020', '0000', '9999-12-31', '2020-02-30', '2021-13'])
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        'text': TEXTS | ANYTHING,
        'pictures': st.lists(TEXTS, max_size=3) | ANYTHING,
        'more_like': st.lists(st.integers(-1, 9), max_size=9) | ANYTHING,
        'less_like': st.lists(st.integers(-1, 9), max_size=9) | ANYTHING,
        'top_k': st.integers(-1, 300) | ANYTHING,
        'min_score': NUMBERS | ANYTHING,
        'bbox': st.lists(st.floats(-200, 200), min_size=4, max_size=4) | ANYTHING,
        'since': DATES | ANYTHING,
        'until': DATES | ANYTHING,
        'where': CONDITIONS | ANYTHING,
        'every_tile': st.booleans() | ANYTHING,
        'other': ANYTHING,
    },
)
FEW = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def check(response):
    assert response.status_code < 500, response.request.content
    if response.status_code >= 400:
        assert isinstance(response.json()['detail'], str) and response.json()['detail']


def post(client, path, request):
    content = json.dumps(request).encode()  # with NaN and half characters, as clients may send
    check(client.post(path, content=content, headers={'Content-Type': 'application/json'}))


def test_no_search_is_a_fault(client):
    @FEW
    @given(REQUEST | ANYTHING)
    def ask(request):
        post(client, '/api/search', request)

    ask()


def test_no_download_is_a_fault(client):
    @FEW
    @given(REQUEST)
    def ask(request):
        post(client, '/api/search/geojson', {'text': 'red', **request})

    ask()


def test_no_picture_is_a_fault(client):
    heads = (b'', b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff', b'II*\0', b'GIF89a', b'BM', b'MM\0+',
             b'RIFF\x20\0\0\0WEBP', b'\0\0\0\x0cjP  \r\n\x87\n', b'II+\0')  # fmt: skip

    @FEW
    @given(st.sampled_from(heads), st.binary(max_size=200), TEXTS | st.just('image/png'))
    def send(head, rest, kind):
        kind = kind if kind.isascii() and kind.isprintable() else 'application/octet-stream'
        check(client.post('/api/pictures', content=head + rest, headers={'Content-Type': kind}))

    send()


def test_no_thumbnail_and_no_path_is_a_fault(client):
    @FEW
    @given(st.integers() | TEXTS, NUMBERS | TEXTS, TEXTS)
    def get(number, side, version):
        path = f'/api/tiles/{quote(str(number).encode("utf-8", "replace"), safe="")}/thumbnail'
        query = {'side': str(side), 'version': version}
        query = {name: text.encode('utf-8', 'replace').decode() for name, text in query.items()}
        check(client.get(path, params=query))

    get()


@pytest.mark.slow
def test_nothing_that_the_schema_draws_is_a_fault(client_of):
    schemathesis = pytest.importorskip(
        'schemathesis', reason='schemathesis is absent: pip install schemathesis'
    )
    with client_of() as client:
        schema = schemathesis.openapi.from_dict(client.get('/openapi.json').json())
        for operation in schema.get_all_operations():
            drawn = operation.ok().as_strategy()

            @FEW
            @given(drawn)
            def ask(case):
                options = case.as_transport_kwargs(base_url='http://127.0.0.1')
                options.pop('cookies', None)
                check(client.request(**{k: v for k, v in options.items() if v is not None}))

            ask()
