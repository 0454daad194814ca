"""The JSON API: what it finds, what it refuses, and what it never tells."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from pir_mm.apis import Searcher, index_pictures
from pir_mm.apis.serving import Limits
from tests.apis.serving.conftest import FREE, OTHERS

IMAGE = {'Content-Type': 'image/png'}


def picture(colour, size=(8, 8), kind='PNG'):
    file = io.BytesIO()
    Image.new('RGB', size, colour).save(file, kind)
    return file.getvalue()


def search(client, **request):
    return client.post('/api/search', json=request)


def names(response):
    assert response.status_code == 200, response.text
    return [result['name'] for result in response.json()['results']]


def test_finds_what_the_searcher_finds(client, index, reading_model):
    answer = search(client, text='a red roof', top_k=3).json()
    found = Searcher(index, model=reading_model, background=OTHERS).search('a red roof', top_k=3)
    assert [r['id'] for r in answer['results']] == [hit.id for hit in found.hits]
    for result, hit in zip(answer['results'], found.hits, strict=True):
        assert result['score'] == pytest.approx(hit.score)
        assert result['percentile'] == pytest.approx(hit.percentile)
    assert answer['results'][0]['name'] == 'red.png' and answer['results'][0]['rank'] == 1
    assert answer['query'] == 'a red roof'
    assert answer['notes'] == ["'a red roof': the model does not know a, roof"]


def test_the_index_tells_what_it_holds(client):
    answer = client.get('/api/index').json()
    assert (answer['name'], answer['tiles'], answer['files']) == ('index', 5, 5)
    west, south, east, north = answer['extent']
    assert 13 < west < east < 15 and 49 < south < north < 50
    assert 'source' not in answer['columns'] and 'gsd' in answer['columns']
    assert answer['tile_server'] is None


def test_a_picture_is_sent_once_and_searched_with_often(client, reading_model):
    sent = client.post('/api/pictures', content=picture('blue'), headers=IMAGE)
    assert sent.status_code == 200 and (sent.json()['width'], sent.json()['height']) == (8, 8)
    batches = len(reading_model.image_batches)
    key = sent.json()['picture']
    assert names(search(client, pictures=[key], top_k=1)) == ['blue.jpg']
    narrowed = search(client, pictures=[key], top_k=1, where="name != 'blue.jpg'")
    assert names(narrowed) == ['grey.tif'] or names(narrowed) == ['maps/planted.tif']
    assert len(reading_model.image_batches) == batches
    assert narrowed.json()['results'][0]['percentile'] is None
    unknown = search(client, pictures=['x'])
    assert unknown.status_code == 404 and 'give it again' in unknown.json()['detail']


def test_more_and_less_like_a_result(client, reading_model):
    found = {r['name']: r['id'] for r in search(client, text='red').json()['results']}
    like = search(client, more_like=[found['green.png']], top_k=1)
    assert names(like) == ['green.png'] and like.json()['query'] == '1 result to be like'
    assert like.json()['results'][0]['score'] == pytest.approx(1, abs=1e-4)
    joined = search(client, text='red', more_like=[found['blue.jpg']]).json()['results']
    # red + blue is as far from either, and nothing is like it but grey
    ahead = {r['name']: r['score'] for r in joined}
    assert ahead['red.png'] == pytest.approx(2**-0.5, abs=1e-3) == ahead['blue.jpg']
    away = search(client, text='grey', less_like=[found['red.png']], top_k=5).json()['results']
    assert away[-1]['name'] in ('red.png', 'maps/planted.tif')
    assert search(client, more_like=[99]).json()['detail'] == 'the index has no tile 99'


def test_filters_narrow(client):
    west, south, east, north = client.get('/api/index').json()['extent']
    assert names(search(client, text='red', bbox=[west, south, east, north])) == [
        'maps/planted.tif'
    ]
    assert names(search(client, text='red', where="folder = 'maps'")) == ['maps/planted.tif']
    nothing = search(client, text='red', since='2019-06', until='2020').json()
    assert nothing['results'] == [] and nothing['verdict'] == 'nothing was found'
    assert len(names(search(client, text='red', min_score=0.99))) == 1


def test_geojson_is_the_same_without_paths(client, archive):
    response = client.post('/api/search/geojson', json={'text': 'red'})
    assert response.headers['content-type'] == 'application/geo+json'
    assert 'attachment' in response.headers['content-disposition']
    features = response.json()['features']
    results = search(client, text='red').json()['results']
    assert [f['properties']['source'] for f in features] == [r['name'] for r in results]
    assert [f['geometry'] for f in features] == [r['geometry'] for r in results]
    assert sum(f['geometry'] is not None for f in features) == 1


def test_thumbnails_are_small_jpegs_that_are_kept(client, served, archive):
    found = search(client, text='green', top_k=1).json()
    number = found['results'][0]['id']
    place = f'/api/tiles/{number}/thumbnail'
    first = client.get(place, params={'version': found['version'], 'side': 128})
    assert first.headers['content-type'] == 'image/jpeg'
    assert 'immutable' in first.headers['cache-control']
    shown = Image.open(io.BytesIO(first.content))
    assert shown.size == (128, 128)
    red, green, blue = shown.getpixel((64, 64))
    assert green > 240 and max(red, blue) < 20
    (archive / 'green.png').unlink()
    assert client.get(place, params={'side': 128}).content == first.content
    gone = client.get(place, params={'side': 256})
    assert gone.status_code == 200 and gone.headers['cache-control'] == 'no-cache'
    assert client.get('/api/tiles/99/thumbnail').status_code == 404
    assert client.get(place, params={'side': 4096}).status_code == 422


BAD = [
    ({}, 400, 'no query'),
    ({'text': '  '}, 400, 'no query'),
    ({'less_like': [0]}, 400, 'no query'),
    ({'text': 'unheard words'}, 400, 'knows no word'),
    ({'text': 'red' * 200}, 422, 'text: string should have at most 500'),
    ({'text': 'red', 'top_k': 0}, 422, 'top_k: input should be greater'),
    ({'text': 'red', 'top_k': 10**6}, 422, 'top_k'),
    ({'text': 'red', 'bbox': [0, 1, 2]}, 422, 'bbox'),
    ({'text': 'red', 'bbox': [0, 5, 2, 4]}, 400, 'is not on Earth'),
    ({'text': 'red', 'bbox': [0, -100, 2, 4]}, 400, 'is not on Earth'),
    ({'text': 'red', 'since': '2020-02-31'}, 400, 'no date of the calendar'),
    ({'text': 'red', 'since': '2021', 'until': '2020'}, 400, 'lies behind'),
    ({'text': 'red', 'since': 'yesterday'}, 422, 'since'),
    ({'text': 'red', 'where': 'gsd <='}, 400, 'stands in the condition'),
    ({'text': 'red', 'where': 'x' * 1001}, 422, 'where'),
    ({'text': 'red', 'where': "source glob '/h*'"}, 400, 'source cannot be asked for here'),
    ({'text': 'red', 'polygon': '/etc/passwd'}, 422, 'polygon: extra inputs'),
    ({'text': 'red', 'more_like': list(range(9))}, 422, 'more_like'),
    ({'text': 'red', 'more_like': [2**63]}, 422, 'more_like'),
    ({'more_like': [0], 'less_like': [0, 0]}, 400, 'cancel each other out'),
]


@pytest.mark.parametrize(('request_', 'status', 'words'), BAD)
def test_a_bad_search_is_one_sentence(client, request_, status, words):
    response = search(client, **request_)
    assert (response.status_code, list(response.json())) == (status, ['detail'])
    assert words in response.json()['detail'] and '\n' not in response.json()['detail']


NO_REQUESTS = (
    b'', b'{', b'[]', b'"red"', b'null', b'\xff\xfe', b'[' * 9999, b'{"text": "\\ud800"}',
    b'{"\\ud800": 1}', b'{"text": "red", "min_score": NaN}', b'{"top_k": ' + b'9' * 5000 + b'}',
)  # fmt: skip


@pytest.mark.parametrize('body', NO_REQUESTS)
def test_a_body_that_is_no_request_is_refused(client, body):
    response = client.post(
        '/api/search', content=body, headers={'Content-Type': 'application/json'}
    )
    assert 400 <= response.status_code < 500 and response.json()['detail']


def test_a_body_that_does_not_say_it_is_json_is_refused(client):
    """Another site may send such a body without asking the browser."""
    for kind in ('text/plain', 'application/x-www-form-urlencoded', None):
        headers = {'Content-Type': kind} if kind else {}
        response = client.post('/api/search', content=b'{"text": "red"}', headers=headers)
        assert 400 <= response.status_code < 500
        response = client.post('/api/pictures', content=picture('red'), headers=headers)
        assert response.status_code == 415


def raster(path, **options):
    import rasterio

    profile = {'count': 1, 'dtype': 'uint8', 'compress': 'deflate', **options}
    with rasterio.open(path, 'w', 'GTiff', **profile):
        pass  # sparse: its header promises what its bytes do not hold
    return path.read_bytes()


def test_pictures_that_are_none_or_too_large_are_refused(client_of, tmp_path):
    few = Limits(picture_bytes=5_000_000, picture_pixels=10_000)
    wide = raster(tmp_path / 'w.tif', width=30_000, height=30_000, tiled=True)
    deep = raster(
        tmp_path / 'd.tif', width=90, height=90, count=200, dtype='float64', blockysize=90
    )
    bad = {
        'no picture': (b'<svg onload=alert(1)>', 400, 'cannot be decoded'),
        'empty': (b'', 400, 'empty'),
        'cut short': (picture('red', (90, 90), 'JPEG')[:400], 400, 'cannot be decoded'),
        'pixels': (picture('red', (101, 100)), 400, '101 x 100 pixels'),
        'stretched': (picture('red', (9000, 1)), 400, 'one side may be 20 times'),
        'bytes': (bytes(5_000_001), 413, 'more than 5000000 bytes'),
        'raster': (wide, 400, 'the picture that was sent'),
        'broken raster': (b'II*\0' + b'\xff' * 40, 400, 'the picture that was sent'),
    }
    with client_of(few) as client:
        for name, (content, status, words) in bad.items():
            response = client.post('/api/pictures', content=content, headers=IMAGE)
            assert response.status_code == status, (name, response.text)
            assert words in response.json()['detail'], name
            assert '/tmp' not in response.text and str(tmp_path) not in response.text
        sent = client.post('/api/pictures', content=deep, headers=IMAGE)
        assert sent.status_code in (200, 400)
        for size in ((1, 1), (1, 20), (100, 100)):
            sent = client.post('/api/pictures', content=picture('red', size), headers=IMAGE)
            assert sent.status_code == 200


def test_a_body_without_a_length_is_cut_off(client_of):
    def parts():
        for _ in range(100):
            yield b'x' * 10_000

    with client_of(Limits(json_bytes=5000, picture_bytes=50_000)) as client:
        for path, kind in (('/api/pictures', 'image/png'), ('/api/search', 'application/json')):
            response = client.post(path, content=parts(), headers={'Content-Type': kind})
            assert response.status_code == 413 and 'bytes' in response.json()['detail']


def test_no_path_of_the_server_reaches_a_client(client, tmp_path, archive):
    told = [client.get('/api/index').text, client.get('/openapi.json').text]
    for request, _, _ in BAD:
        told.append(search(client, **request).text)
    told.append(search(client, text='red', top_k=200).text)
    told.append(client.post('/api/search/geojson', json={'text': 'grey'}).text)
    told.append(client.get('/api/tiles/77/thumbnail').text)
    for text in told:
        assert str(tmp_path) not in text and str(tmp_path.name) not in text


def test_files_that_share_no_folder_are_told_by_their_last_names(served, monkeypatch):
    edition = served.current
    assert edition.name_of(f'{edition.root}/a/b.png') == 'a/b.png'
    assert edition.name_of('/elsewhere/b.png') == 'b.png'
    monkeypatch.setattr(edition, 'root', type(edition.root)('/'))
    assert edition.name_of('/home/ann/b.png') == 'b.png'


def test_notes_lose_their_folders(served):
    edition = served.current
    folder = edition.index.folder
    assert (
        edition.public(f'{folder}/background.npz cannot be kept') == 'background.npz cannot be kept'
    )
    assert edition.public(f'{folder} holds nothing') == 'the index holds nothing'


@pytest.mark.parametrize('fault', [RuntimeError('secret place'), StopIteration()])
def test_a_fault_of_ours_tells_nothing(client_of, served, monkeypatch, caplog, fault):
    def fail(*arguments, **options):
        raise fault

    monkeypatch.setattr(served.current.searcher, 'search', fail)
    with client_of() as client:
        response = search(client, text='red')
    assert response.status_code == 500 and 'secret' not in response.text


def test_waiting_searches_are_embedded_in_one_call(served, reading_model):
    from pir_mm.apis.serving.messages import SearchRequest
    from pir_mm.apis.serving.search_desk import SearchDesk, _Ask
    from pir_mm.search import TileFilter

    desk = SearchDesk(served, FREE)
    texts = ['red', 'green 1', 'unheard', 'blue 2', 'red']
    asks = [_Ask((SearchRequest(text=text, top_k=1), TileFilter())) for text in texts]
    good = [ask for ask, text in zip(asks, texts, strict=True) if text != 'unheard']
    reading_model.text_batches.clear()
    desk._search(served.current, good)
    assert reading_model.text_batches == [(3, 2)]
    found = [ask.answer.result().result.hits[0].tile.source for ask in good]
    assert found == ['red.png', 'green.png', 'blue.jpg', 'red.png']
    again = [_Ask(ask.content) for ask in asks]
    desk._search(served.current, again)  # one that is refused costs the others nothing
    assert [ask.answer.exception() is None for ask in again] == [True, True, False, True, True]
    assert again[2].answer.exception().status_code == 400


def test_a_new_version_is_served_and_an_old_reader_keeps_its_own(
    client, served, index, archive, reading_model
):
    before, old = client.get('/api/index').json(), served.current
    Image.new('RGB', (9, 9), (255, 255, 0)).save(archive / 'yellow.png')
    index_pictures([archive], reading_model, index)
    found = search(client, text='red', top_k=9).json()
    assert found['version'] != before['version']
    assert 'yellow.png' in [r['name'] for r in found['results']]
    assert client.get('/api/index').json()['tiles'] == 6
    assert len(old.index) == 5 and len(old.searcher.search('red').hits) == 5


def test_a_broken_new_version_leaves_the_old_one(client, served, index, caplog):
    (index / 'tiles.sqlite').rename(index / 'aside.sqlite')
    (index / 'index.json').write_text('{}')
    assert names(search(client, text='green', top_k=1)) == ['green.png']
    assert 'is not served' in caplog.text


def test_an_empty_index_says_so(client_of, served, monkeypatch):
    monkeypatch.setattr(type(served.current.index), '__len__', lambda index: 0)
    with client_of() as client:
        response = search(client, text='red')
    assert response.status_code == 409 and response.json()['detail'].endswith('no tile yet')


def test_hostile_names_are_told_as_they_are(reading_model, tmp_path, client_of, served):
    from pir_mm.apis.serving.served_index import ServedIndex

    folder = tmp_path / 'hostile'
    folder.mkdir()
    name = '<img src=x onerror=alert(1)>"\'&.png'
    Image.new('RGB', (9, 9), 'red').save(folder / name)
    Image.new('RGB', (9, 9), 'blue').save(folder / 'b.png')
    index_pictures([folder], reading_model, tmp_path / 'second')
    served.current = ServedIndex(tmp_path / 'second', model=reading_model, background=[]).current
    with client_of() as client:
        response = search(client, text='red', top_k=1)
    assert names(response) == [name]
    assert response.headers['content-type'] == 'application/json'
    assert response.headers['x-content-type-options'] == 'nosniff'


def test_the_page_and_its_files_are_served_and_no_others(client):
    page = client.get('/')
    assert page.headers['content-type'].startswith('text/html')
    assert "default-src 'none'" in page.headers['content-security-policy']
    for path in ('/page.css', '/page.js', '/map.js'):
        assert client.get(path).status_code == 200
    for path in ('/docs', '/app.py', '/page/../app.py', '/%2e%2e/app.py', '//etc/passwd'):
        assert client.get(path).status_code == 404
    assert client.put('/api/search').status_code == 405


def test_the_schema_describes_every_refusal(client):
    schema = client.get('/openapi.json').json()
    assert set(schema['paths']) == {
        '/api/index', '/api/pictures', '/api/search', '/api/search/geojson',
        '/api/tiles/{number}/thumbnail',
    }  # fmt: skip
    for operations in schema['paths'].values():
        for operation in operations.values():
            assert {'400', '403', '404', '413', '422', '429'} <= set(operation['responses'])
    assert json.dumps(schema).count('HTTPValidationError') == 0


def test_pictures_are_forgotten_oldest_first(client_of):
    with client_of(Limits(kept_pictures=2)) as client:
        keys = [
            client.post('/api/pictures', content=picture(c), headers=IMAGE).json()['picture']
            for c in ('red', 'green', 'blue')
        ]
        assert [search(client, pictures=[key]).status_code for key in keys] == [404, 200, 200]


def test_numbers_that_a_model_gives_are_finite(client):
    results = search(client, text='grey', every_tile=True).json()['results']
    assert np.isfinite([r['score'] for r in results]).all()
