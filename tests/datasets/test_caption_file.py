"""Caption files and scene names."""

import json

import pytest

from pir_mm.datasets.caption_file import number_scenes, read_caption_file, scene_name

ANNOTATION = {'filename': 'a.jpg', 'split': 'train', 'sentences': [{'raw': 'a pond'}], 'imgid': 7}


def write(tmp_path, content):
    path = tmp_path / 'captions.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_passes_other_keys_through(tmp_path):
    assert read_caption_file(write(tmp_path, {'images': [ANNOTATION]})) == [ANNOTATION]


def test_needs_the_keys_it_is_asked_for(tmp_path):
    without = {key: value for key, value in ANNOTATION.items() if key != 'split'}
    path = write(tmp_path, {'images': [without]})
    assert read_caption_file(path, needed=()) == [without]
    with pytest.raises(ValueError, match=r'images\[0\]: "split" must be a text, got None'):
        read_caption_file(path)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{"images": [', 'is not a JSON file'),
        ([ANNOTATION], 'has no list "images"'),
        ({'images': []}, 'has no list "images"'),
        ({'images': ['a.jpg']}, r'images\[0\]: a picture must be a JSON object'),
        (
            {'images': [ANNOTATION, {**ANNOTATION, 'filename': ''}]},
            r'images\[1\]: "filename" must be a text',
        ),
        ({'images': [{**ANNOTATION, 'class': 3}]}, '"class" must be a text, got 3'),
        ({'images': [{**ANNOTATION, 'sentences': []}]}, r'\(a.jpg\) has no "sentences"'),
        ({'images': [{**ANNOTATION, 'sentences': ['a pond']}]}, "got 'a pond'"),
    ],
)
def test_says_what_is_wrong(tmp_path, content, reason):
    with pytest.raises(ValueError, match=reason):
        read_caption_file(write(tmp_path, content))


def test_says_how_to_make_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='prepare_data.py rsicd --source DIR --out .*rsicd'):
        read_caption_file(tmp_path / 'rsicd' / 'captions.json')


@pytest.mark.parametrize(
    ('filename', 'scene', 'by_class', 'by_filename'),
    [
        ('airport_12.jpg', None, 'airport', 'airport'),
        ('airport_12.jpg', 'Air Field', 'Air Field', 'airport'),
        ('Baseball_Field_3.tif', None, 'baseball', 'baseball'),
        ('00578.jpg', None, None, '00578'),
        ('12_7.jpg', None, None, '12'),
        ('_7.jpg', None, None, ''),
        ('test/pond_3.tif', None, 'pond', 'pond'),
        ('pond.tif', None, None, 'pond'),
    ],
)
def test_name(filename, scene, by_class, by_filename):
    annotation = {'filename': filename, 'class': scene}
    assert scene_name(annotation) == by_class
    assert scene_name(annotation, 'filename') == by_filename


def test_numbers_follow_the_alphabet_or_the_list_given():
    found = {'port', None, 'pond'}
    assert number_scenes(found) == {'pond': 0, 'port': 1}
    assert number_scenes(found, ['port', 'sea', 'pond']) == {'port': 0, 'sea': 1, 'pond': 2}
    assert number_scenes({None}) == {}


def test_refuses_a_scene_that_the_list_lacks():
    with pytest.raises(ValueError, match=r'does not list: airport, port \(2 in all\); add'):
        number_scenes({'port', 'pond', 'airport'}, ['pond'])
