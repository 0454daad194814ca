"""Who may ask, how often and how much."""

import asyncio

import pytest

from pir_mm.apis.serving import Limits, TileServer
from pir_mm.apis.serving.guard import Guard, is_loopback
from pir_mm.apis.serving.limits import CLIENTS, ClientRates


@pytest.mark.parametrize(
    'host', ['evil.example', '127.0.0.1.evil.example', '10.0.0.5', '', 'a@b:c']
)
def test_a_name_of_another_site_that_leads_here_is_refused(client, host):
    response = client.get('/api/index', headers={'Host': host})
    assert response.status_code == 400 and 'does not go by that name' in response.json()['detail']


@pytest.mark.parametrize(
    'host', ['localhost', '127.0.0.1', 'LOCALHOST:8765', '[::1]:9', '127.0.0.2']
)
def test_names_of_this_machine_are_taken(client, host):
    assert client.get('/api/index', headers={'Host': host}).status_code == 200


def test_a_server_for_others_goes_by_its_numbers_and_names(client_of):
    with client_of(host='0.0.0.0', names=['Archive.example']) as client:
        for host, status in (('10.0.0.5:80', 200), ('archive.example', 200), ('evil.example', 400)):
            assert client.get('/api/index', headers={'Host': host}).status_code == status


@pytest.mark.parametrize(
    'headers',
    [
        {'Origin': 'http://evil.example'},
        {'Origin': 'null'},
        {'Origin': 'http://127.0.0.1:9999'},
        {'Sec-Fetch-Site': 'cross-site'},
        {'Sec-Fetch-Site': 'same-site'},
        {'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate'},
    ],
)
def test_another_site_cannot_drive_it(client, headers):
    found = client.post('/api/search', json={'text': 'red'}, headers=headers)
    assert found.status_code == 403 and found.json() == {
        'detail': 'another site may not ask this server'
    }
    assert client.get('/api/tiles/0/thumbnail', headers=headers).status_code == 403


def test_a_link_of_another_site_opens_the_page_and_nothing_carries_cors(client):
    visit = {'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate'}
    assert client.get('/', headers=visit).status_code == 200
    own = {'Origin': 'http://127.0.0.1', 'Sec-Fetch-Site': 'same-origin'}
    found = client.post('/api/search', json={'text': 'red'}, headers=own)
    assert found.status_code == 200
    asked = client.options('/api/search', headers={'Access-Control-Request-Method': 'POST'})
    for response in (found, asked):
        assert not [name for name in response.headers if name.startswith('access-control')]
        assert response.headers['cross-origin-resource-policy'] == 'same-origin'
    assert found.headers['cache-control'] == 'no-store'


def test_a_client_that_asks_too_often_waits(client_of):
    with client_of(Limits(posts_per_second=0, posts_at_once=2)) as client:
        codes = [client.post('/api/search', json={'text': 'red'}).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        refused = client.post('/api/search', json={'text': 'red'})
        assert refused.headers['retry-after'] == '1' and 'too often' in refused.json()['detail']
        assert client.get('/api/index').status_code == 200


def test_a_bucket_fills_again_and_each_client_has_one():
    time = [0.0]
    rates = ClientRates(2, 3, now=lambda: time[0])
    assert [rates.takes('a') for _ in range(4)] == [True, True, True, False]
    assert rates.takes('b')
    time[0] = 0.4
    assert not rates.takes('a')
    time[0] = 0.5
    assert rates.takes('a') and not rates.takes('a')
    time[0] = 100
    assert [rates.takes('a') for _ in range(4)] == [True, True, True, False]
    for number in range(CLIENTS + 5):
        rates.takes(str(number))
    assert len(rates._buckets) == CLIENTS


def test_open_requests_are_bounded(client_of):
    with client_of(Limits(open_requests=0)) as client:
        response = client.get('/api/index')
        assert response.status_code == 429 and 'too much to do' in response.json()['detail']


def test_waiting_searches_and_reads_are_bounded(client_of, monkeypatch):
    with client_of(Limits(readers=0, waiting_reads=0)) as client:
        assert client.get('/api/tiles/0/thumbnail').status_code == 429


def test_a_body_that_dribbles_is_cut_off():
    async def app(scope, receive, send):
        while True:
            await receive()

    async def receive():
        await asyncio.sleep(0.01)
        return {'type': 'http.request', 'body': b'x', 'more_body': True}

    guard = Guard(app, '127.0.0.1', (), Limits(body_seconds=0.1), '')
    headers = [(b'host', b'localhost'), (b'content-type', b'application/json')]
    scope = {'type': 'http', 'method': 'POST', 'path': '/', 'headers': headers}
    with pytest.raises(Exception, match='too slowly') as caught:
        asyncio.run(guard(scope, receive, None))
    assert caught.value.status_code == 408


def test_which_hosts_are_of_this_machine_alone():
    assert all(map(is_loopback, ('localhost', '127.0.0.1', '::1', '127.8.8.8')))
    assert not any(map(is_loopback, ('0.0.0.0', '::', '10.0.0.1', 'example.org', '')))


NO_TILES = (
    'tiles', 'ftp://a/{z}/{x}/{y}', 'https://a/{z}/{x}', 'https://{z}/{x}/{y}',
    'https://a/{z}/{x}/{y}; script-src *', 'javascript:{z}{x}{y}',
)  # fmt: skip


@pytest.mark.parametrize('url', NO_TILES)
def test_a_tile_server_is_a_url_with_three_marks(url):
    with pytest.raises(ValueError, match='a tile server is a URL such as'):
        TileServer(url)
    assert TileServer('https://a.b:8/{z}/{x}/{y}.png').origin == 'https://a.b:8'
