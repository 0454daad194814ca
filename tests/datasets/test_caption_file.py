"""Reading a caption file."""

import json

import pytest

from pir_mm.datasets.caption_file import read_caption_file

ENTRY = {'filename': 'a.jpg', 'split': 'train', 'sentences': [{'raw': 'a pond'}], 'imgid': 7}


def write(tmp_path, content):
    path = tmp_path / 'captions.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_passes_other_keys_through(tmp_path):
    assert read_caption_file(write(tmp_path, {'images': [ENTRY]})) == [ENTRY]


def test_needs_the_keys_it_is_asked_for(tmp_path):
    without = {key: value for key, value in ENTRY.items() if key != 'split'}
    path = write(tmp_path, {'images': [without]})
    assert read_caption_file(path, needed=()) == [without]
    with pytest.raises(ValueError, match=r'images\[0\]: "split" must be a text, got None'):
        read_caption_file(path)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{"images": [', 'is not a JSON file'),
        ([ENTRY], 'holds no list "images"'),
        ({'images': []}, 'holds no list "images"'),
        ({'images': ['a.jpg']}, r'images\[0\]: a picture must be a JSON object'),
        ({'images': [ENTRY, {**ENTRY, 'filename': ''}]}, r'images\[1\]: "filename" must be a text'),
        ({'images': [{**ENTRY, 'class': 3}]}, '"class" must be a text, got 3'),
        ({'images': [{**ENTRY, 'sentences': []}]}, r'\(a.jpg\) has no "sentences"'),
        ({'images': [{**ENTRY, 'sentences': ['a pond']}]}, "got 'a pond'"),
    ],
)
def test_says_what_is_wrong(tmp_path, content, reason):
    with pytest.raises(ValueError, match=reason):
        read_caption_file(write(tmp_path, content))


def test_says_how_to_make_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='prepare_data.py rsicd --source DIR --out .*rsicd'):
        read_caption_file(tmp_path / 'rsicd' / 'captions.json')
