"""Planted copies are listed, best first; nothing else is; what cannot be compared is counted."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageOps

from pir_mm.apis.data import auditing
from pir_mm.apis.data.auditing import ORIENTATIONS, audit_pictures


def draw(seed, side=150):
    """A picture of forms of many sizes."""
    rng = np.random.default_rng(seed)
    layers = [
        Image.fromarray(rng.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize((side, side))
        for n in (3, 9, 27)
    ]
    return Image.fromarray(np.mean([np.asarray(layer) for layer in layers], axis=0).astype('uint8'))


@pytest.fixture
def archive(tmp_path):
    """Twenty pictures in folders of classes."""
    for number in range(20):
        place = tmp_path / 'archive' / ('Port' if number % 2 else 'Airport')
        place.mkdir(parents=True, exist_ok=True)
        draw(number).save(place / f'{number}.png')
    return tmp_path / 'archive'


@pytest.fixture
def planted(tmp_path):
    """Copies of pictures 0 to 5 of the archive, named by what was done to them, and others."""
    folder = tmp_path / 'new'
    folder.mkdir()
    draw(0).resize((64, 64)).save(folder / '0_resized.png')
    ImageOps.mirror(draw(1)).save(folder / '1_mirrored.png')
    draw(2).save(folder / '2_compressed.jpg', quality=20)
    draw(3).crop((10, 8, 140, 138)).save(folder / '3_cut.png')
    Image.eval(draw(4), lambda value: int(30 + value * 0.7)).save(folder / '4_brightened.png')
    draw(5).rotate(90).crop((6, 0, 150, 144)).save(folder / '5_turned_and_shifted.jpg')
    for number in range(100, 106):
        draw(number).save(folder / f'{number}.png')
    return folder


def read(path):
    return json.loads(path.read_text())


def test_planted_copies_are_found_and_others_are_not(planted, archive, tmp_path):
    report = audit_pictures(str(planted), str(archive), tmp_path / 'made' / 'copies.json')
    assert report == read(tmp_path / 'made' / 'copies.json')
    assert report['query'] == {'what': str(planted), 'count': 12, 'broken': [], 'flat': []}
    assert report['against']['count'] == 20
    assert report['threshold'] == 0.75
    assert report['pictures_with_copy'] == len(report['copies']) == 6
    scores = [copy['score'] for copy in report['copies']]
    assert scores == sorted(scores, reverse=True)
    for copy in report['copies']:
        number = copy['picture'].partition('_')[0]
        assert copy['copy_of'].rpartition('/')[2] == f'{number}.png'
        expected = {'1': 'mirrored', '5': 'turned 270'}.get(number, 'upright')
        assert copy['orientation'] == expected
        assert copy['zoom'] == pytest.approx({'3': 0.867, '5': 0.96}.get(number, 1), abs=0.02)


def test_a_higher_threshold_lists_the_best_only(planted, archive, tmp_path):
    copies = audit_pictures(str(planted), str(archive), tmp_path / 'c.json')['copies']
    middle = (copies[2]['score'] + copies[3]['score']) / 2
    report = audit_pictures(str(planted), str(archive), tmp_path / 'c.json', threshold=middle)
    assert report['threshold'] == middle
    assert report['copies'] == copies[:3]


def test_a_file_is_no_copy_of_itself_but_its_double_is(archive, tmp_path):
    draw(3).save(archive / 'Airport' / 'again.png')
    report = audit_pictures(str(archive), str(archive), tmp_path / 'copies.json')
    found = {(copy['picture'], copy['copy_of']) for copy in report['copies']}
    assert found == {('Airport/again.png', 'Port/3.png'), ('Port/3.png', 'Airport/again.png')}


def test_against_the_share_that_a_classifier_is_trained_on(planted, archive, tmp_path):
    parts = [
        audit_pictures(str(planted), f'{archive}:{part}', tmp_path / 'copies.json')
        for part in ('train@0.7', 'test@0.7')
    ]
    assert [part['against']['count'] for part in parts] == [14, 6]
    found = [copy['copy_of'] for part in parts for copy in part['copies']]
    assert len(found) == len(set(found)) == 6


def test_chunks_find_what_the_whole_finds(planted, archive, tmp_path, monkeypatch):
    (planted / '00_broken.jpg').write_bytes(b'no picture')  # the first of its chunk
    whole = audit_pictures(str(planted), str(archive), tmp_path / 'copies.json')
    monkeypatch.setattr(auditing, 'CHUNK', 5)
    assert audit_pictures(str(planted), str(archive), tmp_path / 'copies.json') == whole


def test_what_cannot_be_compared_is_counted(planted, archive, tmp_path):
    (planted / 'broken.jpg').write_bytes(b'no picture')
    Image.new('RGB', (40, 40), 'grey').save(planted / 'plain.png')
    report = audit_pictures(str(planted), str(archive), tmp_path / 'copies.json')
    assert report['query']['count'] == 14
    assert [broken['picture'] for broken in report['query']['broken']] == ['broken.jpg']
    assert 'cannot be decoded' in report['query']['broken'][0]['reason']
    assert report['query']['flat'] == ['plain.png']
    assert report['pictures_with_copy'] == 6


@pytest.mark.parametrize('shared', [True, False])
def test_a_sheet_is_written_with_or_without_copies(shared, planted, archive, tmp_path):
    other = archive if shared else planted / 'none'
    if not shared:
        other.mkdir()
        draw(500).save(other / '500.png')
        planted = archive
    audit_pictures(str(planted), str(other), tmp_path / 'copies.json', tmp_path / 'sheet.png')
    with Image.open(tmp_path / 'sheet.png') as sheet:
        pixels = np.asarray(sheet.convert('RGB'))
    assert (len(pixels) > 400) == shared
    assert not list(tmp_path.glob('.*'))


def test_orientations_are_told_in_words():
    assert ORIENTATIONS[0] == 'upright'
    assert ORIENTATIONS[3] == 'turned 270'
    assert ORIENTATIONS[5] == 'mirrored, turned 90'


def test_says_what_is_wrong(planted, archive, tmp_path):
    out = tmp_path / 'copies.json'
    with pytest.raises(ValueError, match=r'must end in \.png'):
        audit_pictures(str(planted), str(archive), out, sheet='sheet.gif')
    with pytest.raises(ValueError, match='between 0.5 and 1, got 2'):
        audit_pictures(str(planted), str(archive), out, threshold=2)
    (tmp_path / 'bad').mkdir()
    (tmp_path / 'bad' / 'a.png').write_bytes(b'')
    with pytest.raises(ValueError, match='no picture that can be read: the picture .*a.png'):
        audit_pictures(str(tmp_path / 'bad'), str(archive), out)
    assert not out.exists()


def test_rsicd_pictures_are_the_middles_of_aid_pictures_of_the_same_name(shared_dir, tmp_path):
    """Seven eighths of a side; these scenes are rich in detail or nearly without."""
    names = ('airport_1', 'beach_39', 'desert_47', 'meadow_62', 'parking_56', 'stadium_6')
    archives = {
        'rsicd': shared_dir / 'data/rsicd/rsicd_images_test.zip',
        'aid': shared_dir / 'data/aid/aid_images_128.zip',
    }
    for name, archive in archives.items():
        if not archive.is_file():
            pytest.skip(f'{archive} is absent')
        (tmp_path / name).mkdir()
        with zipfile.ZipFile(archive) as content:
            for member in content.namelist():
                file = member.rpartition('/')[2]
                if file.rpartition('.')[0].lower() in names:
                    (tmp_path / name / file.lower()).write_bytes(content.read(member))
    out = tmp_path / 'copies.json'
    report = audit_pictures(str(tmp_path / 'rsicd'), str(tmp_path / 'aid'), out)
    assert len(report['copies']) == report['query']['count'] >= 4
    for copy in report['copies']:
        assert copy['picture'] == copy['copy_of']
        assert copy['zoom'] == pytest.approx(0.875, abs=0.03)
