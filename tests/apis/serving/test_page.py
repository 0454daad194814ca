"""The page in a real browser: typed into, dropped onto, clicked and steered by keys."""

import base64
import io
import json
import shutil
import threading
import time

import pytest
from PIL import Image

playwright = pytest.importorskip(
    'playwright.sync_api', reason='playwright is absent: pip install playwright'
)
CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason='chromium is absent: apt-get install chromium'),
]
HOSTILE = '<img src=x onerror="document.title=1">.png'
DROP = """([text, name]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: 'image/png' }));
  document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
}"""


@pytest.fixture
def archive(archive):
    Image.new('RGB', (9, 9), (200, 0, 0)).save(archive / HOSTILE.replace('/', ''))
    return archive


@pytest.fixture
def address(served):
    import uvicorn

    from pir_mm.apis.serving.app import create_app
    from pir_mm.apis.serving.guard import Guard
    from pir_mm.apis.serving.server import POLICY, _listening
    from tests.apis.serving.conftest import FREE

    listener = _listening('127.0.0.1', 0)
    app = Guard(create_app(served, FREE), '127.0.0.1', (), FREE, POLICY.format(tiles=''))
    server = uvicorn.Server(uvicorn.Config(app, log_level='warning'))
    thread = threading.Thread(target=server.run, kwargs={'sockets': [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f'http://127.0.0.1:{listener.getsockname()[1]}/'
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(address):
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        page = browser.new_page(viewport={'width': 1280, 'height': 900})
        page.set_default_timeout(60_000)
        page.asked, page.faults = [], []
        page.on('request', lambda request: page.asked.append(request.url))
        page.on('pageerror', lambda error: page.faults.append(str(error)))
        page.on(
            'console',
            lambda said: page.faults.append(said.text) if said.type == 'error' else None,
        )
        page.goto(address)
        playwright.expect(page.locator('#index-facts')).to_have_text('index: 6 tiles of 6 files')
        yield page
        outside = [u for u in page.asked if not u.startswith((address, 'blob:', 'data:'))]
        assert outside == []
        browser.close()


def names(page):
    return page.locator('.card .name').all_text_contents()


def search(page, text):
    page.fill('#text', text)
    page.press('#text', 'Enter')
    playwright.expect(page.locator('#results-title')).to_have_text(f'Results for {text}')


def test_type_click_and_see_it_on_the_map(page):
    search(page, 'red roof')
    playwright.expect(page.locator('#status')).to_contain_text('6 results in')
    assert page.locator('#notes').text_content() == "'red roof': the model does not know roof"
    assert page.locator('#placeless').text_content() == '5 of 6 results have no place on Earth'
    shape = page.locator('#map .place')
    playwright.expect(shape).to_have_count(1)
    frame, box = page.locator('#map').bounding_box(), shape.bounding_box()
    assert 0.5 * frame['height'] < box['height'] < frame['height']  # it is fitted to what was found
    card = page.locator('.card', has_text='maps/planted.tif')
    card.locator('.show').click()
    playwright.expect(page.locator('#map .place.chosen')).to_have_count(1)
    assert card.locator('.show').get_attribute('aria-pressed') == 'true'
    page.locator('.card .show').first.click()
    playwright.expect(page.locator('#map .chosen')).to_have_count(0)
    for _ in range(9):
        page.get_by_role('button', name='Zoom out').click()
    playwright.expect(page.locator('#map .dot')).to_have_count(1)
    card.locator('.show').click()  # what is a dot is brought near
    assert 0.1 * frame['height'] < page.locator('#map .place.chosen').bounding_box()['height']
    page.locator('.card .show').first.click()
    shape.click()
    playwright.expect(card.locator('.show')).to_be_focused()
    shown = page.eval_on_selector_all('.card img', 'all => all.map((i) => i.naturalWidth)')
    assert set(shown) <= {0, 256} and 256 in shown
    assert page.faults == []


def test_names_are_text_and_no_script(page):
    search(page, 'red')
    assert HOSTILE in names(page)
    assert page.title() == 'Search pictures from above'
    assert page.locator('.card .name img').count() == 0


def test_drop_a_picture_and_take_it_away_again(page):
    file = io.BytesIO()
    Image.new('RGB', (30, 30), 'blue').save(file, 'PNG')
    page.evaluate(DROP, [base64.b64encode(file.getvalue()).decode(), '<b>mine.png'])
    playwright.expect(page.locator('#results-title')).to_have_text('Results for 1 picture')
    assert names(page)[0] == 'blue.jpg'
    assert page.locator('#parts').text_content() == 'like <b>mine.png×'
    page.fill('#text', 'green')
    page.get_by_role('button', name='Remove <b>mine.png from the search').click()
    playwright.expect(page.locator('#results-title')).to_have_text('Results for green')
    assert names(page)[0] == 'green.png'
    page.evaluate(DROP, [base64.b64encode(b'no picture').decode(), 'a.png'])
    playwright.expect(page.locator('#error')).to_contain_text('cannot be decoded')


def test_more_like_this(page):
    search(page, 'green')
    page.fill('#text', '')
    page.locator('.card', has_text='blue.jpg').get_by_role('button', name='More like').click()
    playwright.expect(page.locator('#results-title')).to_have_text(
        'Results for 1 result to be like'
    )
    assert names(page)[0] == 'blue.jpg'


def test_a_drawn_box_filters(page):
    search(page, 'green')
    page.get_by_role('button', name='Draw a box').click()
    frame = page.locator('#map').bounding_box()
    page.mouse.move(frame['x'] + 20, frame['y'] + 20)
    page.mouse.down()
    page.mouse.move(frame['x'] + 200, frame['y'] + 200, steps=4)
    page.mouse.move(frame['x'] + frame['width'] - 20, frame['y'] + frame['height'] - 20, steps=4)
    page.mouse.up()
    playwright.expect(page.locator('.card')).to_have_count(1)
    assert names(page) == ['maps/planted.tif']
    west, south, east, north = map(float, page.input_value('#bbox').split(','))
    assert 13 < west < east < 15 and 49 < south < north < 50
    assert page.locator('#filter-count').text_content() == '(1 set)'
    page.fill('#bbox', '1, 2')
    page.press('#bbox', 'Enter')
    playwright.expect(page.locator('#error')).to_contain_text('a box is west, south')


def test_conditions_and_mistakes_are_told(page):
    page.click('#filters summary')
    page.fill('#where', "name glob 'b*'")
    search(page, 'red')
    assert names(page) == ['blue.jpg']
    page.fill('#where', 'gsd <')
    page.press('#where', 'Enter')
    playwright.expect(page.locator('#error')).to_contain_text('stands in the condition')
    page.get_by_role('button', name='Clear the filters').click()
    playwright.expect(page.locator('.card')).to_have_count(6)
    playwright.expect(page.locator('#error')).to_be_empty()


def test_what_is_shown_is_downloaded(page):
    search(page, 'grey')
    with page.expect_download() as waiting:
        page.get_by_role('button', name='Download GeoJSON').click()
    content = json.loads(open(waiting.value.path(), encoding='utf-8').read())
    assert waiting.value.suggested_filename == 'found.geojson'
    assert [f['properties']['source'] for f in content['features']] == names(page)


def test_the_keyboard_is_enough(page):
    search(page, 'red')
    page.keyboard.press('Tab')
    playwright.expect(page.get_by_role('button', name='Search', exact=True)).to_be_focused()
    names_of_all = page.eval_on_selector_all(
        'button, input, #map, summary',
        'all => all.filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length))'
        '.map((e) => e.outerHTML)',
    )
    assert names_of_all == []  # each control has a name
    page.focus('#map')
    before = page.locator('#map .place').bounding_box()
    page.keyboard.press('ArrowRight')
    moved = page.locator('#map .place').bounding_box()
    assert moved['x'] == pytest.approx(before['x'] - 60, abs=1)
    page.keyboard.press('+')
    assert page.locator('#map .place').bounding_box()['width'] > 1.5 * before['width']
    page.keyboard.press('0')
    assert page.locator('#map .place').bounding_box()['x'] == pytest.approx(before['x'], abs=1)
    page.get_by_role('button', name='Draw a box').focus()
    page.keyboard.press('Enter')
    assert page.get_attribute('#draw', 'aria-pressed') == 'true'
    page.keyboard.press('Escape')
    assert page.get_attribute('#draw', 'aria-pressed') == 'false'


def test_words_stand_out_from_what_is_behind_them(page):
    """WCAG AA: 4.5 to 1, in light and in dark."""
    ratio = """([front, back]) => {
      const style = getComputedStyle(document.documentElement);
      const light = (name) => {
        const hex = style.getPropertyValue(name).trim();
        const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
          .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const both = [light(front), light(back)].sort((a, b) => b - a);
      return (both[0] + 0.05) / (both[1] + 0.05);
    }"""
    for scheme in ('light', 'dark'):
        page.emulate_media(color_scheme=scheme)
        for front in ('--ink', '--soft', '--bad'):
            assert page.evaluate(ratio, [front, '--paper']) > 4.5
        assert page.evaluate(ratio, ['--soft', '--room']) > 4.5
        assert page.evaluate(ratio, ['--on-main', '--main']) > 4.5
        assert page.evaluate(ratio, ['--edge', '--paper']) > 3
