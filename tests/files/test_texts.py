"""Texts in any encoding."""

import codecs

import pytest

from pir_mm.files.texts import read_any_text

TEXT = 'image,caption\na.jpg,Häuser am Fluß\n'


def read(tmp_path, data):
    (tmp_path / 'a.csv').write_bytes(data)
    return read_any_text(tmp_path / 'a.csv')


@pytest.mark.parametrize(
    ('data', 'encoding'),
    [
        (TEXT.encode(), 'utf-8'),
        (TEXT.encode('utf-8-sig'), 'utf-8'),
        (TEXT.encode('utf-16'), 'utf-16'),
        (codecs.BOM_UTF16_BE + TEXT.encode('utf-16-be'), 'utf-16'),
        (TEXT.encode('utf-32'), 'utf-32'),
        (TEXT.encode('utf-16-le'), 'utf-16-le'),
        (TEXT.encode('utf-16-be'), 'utf-16-be'),
        (TEXT.encode('latin-1'), 'cp1252'),
    ],
)
def test_the_encoding_is_found(tmp_path, data, encoding):
    assert read(tmp_path, data) == (TEXT, encoding)


def test_few_letters_are_taken_as_western(tmp_path):
    assert read(tmp_path, 'image,caption\na.jpg,é\n'.encode('latin-1'))[0].endswith('é\n')


@pytest.mark.parametrize('data', [b'', b'a', b'a\0b\0c', bytes(range(1, 256))])
def test_any_bytes_are_some_text(tmp_path, data):
    assert isinstance(read(tmp_path, data)[0], str)
