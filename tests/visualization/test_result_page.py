"""A page that holds all it shows, and shows words as words."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from pir_mm.visualization.result_page import Card, Section, result_fragment, result_page

RED = np.full((40, 80, 3), (255, 0, 0), np.uint8)
BAD = '"><script>alert(1)</script>&\udce4'
CARDS = [
    Card(RED, 1, 0.75, 'a.tif', '/p/a b#?.tif', ['window 0, 0, 9, 9', BAD]),
    Card(RED, 2, -0.25, BAD, '/p/' + BAD.replace('\udce4', '')),
]
PAGE = result_page(BAD, [Section(BAD, CARDS, BAD, RED), Section('nothing', [], 'none')])


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ''

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def parsed(page):
    elements = Elements()
    elements.feed(page)
    return elements


def test_what_people_wrote_is_no_markup():
    page = parsed(PAGE)
    assert set(page.tags) <= {
        'html', 'head', 'meta', 'title', 'body', 'style', 'div', 'h2', 'p', 'img', 'ol', 'li', 'b',
        'br', 'a',
    }  # fmt: skip
    shown = '"><script>alert(1)</script>&\\udce4'
    assert page.text.count(shown) == 5
    assert PAGE.encode('utf-8')


def test_nothing_is_fetched():
    found = dict.fromkeys(value for name, value in parsed(PAGE).attributes if name == 'src')
    assert found and all(value.startswith('data:image/jpeg;base64,') for value in found)
    links = [value for name, value in parsed(PAGE).attributes if name == 'href']
    assert links[0] == 'file:///p/a%20b%23%3F.tif' and all(v.startswith('file:') for v in links)
    assert "default-src 'none'" in PAGE


def test_pictures_and_numbers_are_those_of_the_cards():
    data = re.findall(r'base64,([^"]+)"', PAGE)
    assert len(data) == 3
    square = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))))
    assert square.shape == (192, 192, 3)
    assert np.abs(square[96, 96].astype(int) - (255, 0, 0)).max() < 9
    text = parsed(PAGE).text
    assert '1 \xa00.7500' in text and '2 \xa0-0.2500' in text and 'window 0, 0, 9, 9' in text


def test_a_fragment_is_no_page():
    assert parsed(result_fragment([])).tags == ['style', 'div']
