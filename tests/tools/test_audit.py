"""The command writes the list and the sheet, and says in a sentence what it found."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def noise(tmp_path):
    """Two folders that share a picture."""
    for name, numbers in (('new', (1, 2)), ('archive', (2, 3, 4))):
        (tmp_path / name).mkdir()
        for number in numbers:
            rng = np.random.default_rng(number)
            pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((80, 80)).save(tmp_path / name / f'{number}.png')
    return tmp_path


def test_copies_are_listed_and_drawn(tool, noise):
    (noise / 'new' / 'broken.png').write_bytes(b'')
    out, sheet = noise / 'copies.json', noise / 'copies.pdf'
    arguments = ('pictures', noise / 'new', '--against', noise / 'archive')
    done = tool('audit', *arguments, '--out', out, '--sheet', sheet)
    assert done.code == 0, done.err
    assert f'1 of 3 pictures of {noise}/new have a near-copy among the 3 of' in done.out
    assert f'not compared, broken: 1 of {noise}/new' in done.out
    assert [copy['picture'] for copy in json.loads(out.read_text())['copies']] == ['2.png']
    assert sheet.read_bytes().startswith(b'%PDF')


def test_the_threshold_is_handed_on(tool, noise):
    arguments = ('pictures', noise / 'new', '--against', noise / 'archive')
    done = tool('audit', *arguments, '--out', noise / 'copies.json', '--threshold', 0.3)
    assert done.code == 1
    assert done.err.strip().endswith('threshold must be between 0.5 and 1, got 0.3')


def test_a_mistake_ends_in_one_sentence(tool, noise):
    done = tool('audit', 'pictures', 'nowhere', '--against', noise, '--out', noise / 'c.json')
    assert done.code == 1
    assert done.err.startswith('error: nowhere is not a folder')
    assert len(done.err.splitlines()) == 1


def test_what_to_audit_must_be_said(tool):
    assert tool('audit').code == 2


def test_the_names_alone_are_written_for_a_training_set(tool, noise):
    arguments = ('pictures', noise / 'new', '--against', noise / 'archive')
    names = noise / 'copies.txt'
    done = tool('audit', *arguments, '--out', noise / 'copies.json', '--names', names)
    assert done.code == 0, done.err
    head, *lines = names.read_text().splitlines()
    assert head.startswith('# ') and lines == ['2.png']


def test_captions_and_card_say_what_they_found(tool, scenes, tmp_path):
    out = tmp_path / 'shared.json'
    arguments = (f'{scenes}:test', '--against', scenes, '--out', out)
    sheet = tmp_path / 'shared.png'
    done = tool('audit', 'captions', *arguments, '--sheet', sheet)
    assert done.code == 0, done.err
    with Image.open(sheet) as picture:
        assert picture.height > 500
    report = json.loads(out.read_text())
    assert f'has {report["verbatim"]} word by word and {report["near"]} nearly so' in done.out
    done = tool('audit', 'card', scenes)
    assert done.code == 0, done.err
    assert '64 images' in done.out and 'different words' in done.out
    done = tool('audit', 'card', f'{scenes}:x')
    assert done.code == 1 and "not 'x'" in done.err
