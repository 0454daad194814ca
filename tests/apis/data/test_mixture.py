"""Training pictures that show or describe what a test set does are listed, with the reason."""

import json

import pytest

from pir_mm.apis.data.mixture import write_manifest
from pir_mm.datasets import CaptionDataset
from tests.apis.data.test_auditing import draw


@pytest.fixture
def sets(tmp_path):
    """A training set of five pictures: 1 shows a test picture, 3 describes one, 4 nearly so."""

    def write(name, split, pictures):
        folder = tmp_path / name
        (folder / 'images').mkdir(parents=True)
        annotations = []
        for file, (number, captions) in pictures.items():
            draw(number).save(folder / 'images' / file)
            sentences = [{'raw': caption} for caption in captions]
            annotations.append({'filename': file, 'split': split, 'sentences': sentences})
        (folder / 'captions.json').write_text(json.dumps({'images': annotations}))
        return f'{folder}:{split}'

    test = {'a.png': (11, ['a river', 'a bay']), 'b.png': (12, ['planes', 'a road', 'a field'])}
    train = {
        '0.png': (20, ['trees']),
        '1.png': (11, ['water']),
        '2.png': (22, ['a river', 'planes']),
        '3.png': (23, ['A road.', 'a field', 'a hill']),
        '4.png': (24, ['a river']),
    }
    return write('train', 'train', train), write('test', 'test', test)


def test_lists_what_leaks_and_why(sets, tmp_path):
    train, test = sets
    manifest = write_manifest([train], [test], tmp_path / 'out')
    found = {item['picture']: item for item in manifest['train']['train']['left_out']}
    assert sorted(found) == ['1.png', '3.png']
    assert found['3.png']['reason'] == '2 captions in common'
    assert found['3.png']['like'] == f'{test}/b.png'
    assert found['1.png']['reason'].startswith('near-copy, agreement ')
    assert found['1.png']['like'] == f'{test}/a.png'
    assert json.loads((tmp_path / 'out' / 'manifest.json').read_text()) == manifest
    assert manifest['train']['train']['pictures'] == 5
    lines = (tmp_path / 'out' / 'train.txt').read_text().splitlines()
    assert lines[0].startswith('# ') and lines[1:] == ['1.png', '3.png']


def test_one_caption_in_common_is_enough_if_asked(sets, tmp_path):
    train, test = sets
    manifest = write_manifest([train], [test], tmp_path / 'out', together=1)
    found = {item['picture']: item['reason'] for item in manifest['train']['train']['left_out']}
    assert sorted(found) == ['1.png', '2.png', '3.png', '4.png']
    assert found['4.png'] == '1 caption in common' and found['3.png'] == '2 captions in common'


def test_a_dataset_leaves_them_out(sets, tmp_path):
    train, test = sets
    write_manifest([train], [test], tmp_path / 'out')
    root = train.rpartition(':')[0]
    options = dict(data_root=root, split='train', sampling='image')
    whole = CaptionDataset(**options)
    clean = CaptionDataset(**options, leave_out=str(tmp_path / 'out' / 'train.txt'))
    assert (len(whole), len(clean)) == (5, 3)
    assert [clean[n]['img_path'][-5:] for n in range(3)] == ['0.png', '2.png', '4.png']
    (tmp_path / 'names.txt').write_text('z.png')
    with pytest.raises(ValueError, match='names z.png, which split .train. of .* does not have'):
        CaptionDataset(**options, leave_out=str(tmp_path / 'names.txt'))
    (tmp_path / 'names.txt').write_text('\n'.join(f'{n}.png' for n in range(5)))
    with pytest.raises(ValueError, match='leaves nothing of split'):
        CaptionDataset(**options, leave_out=str(tmp_path / 'names.txt'))
    with pytest.raises(FileNotFoundError, match='the list .*nowhere.txt does not exist'):
        CaptionDataset(**options, leave_out=str(tmp_path / 'nowhere.txt'))


def test_a_set_without_pictures_is_compared_by_its_captions(sets, tmp_path):
    train, test = sets
    captions = test.replace('/test:', '/test/captions.json:')
    manifest = write_manifest([train], [captions], tmp_path / 'out')
    assert not manifest['tests'][0]['pictures_compared']
    assert [item['picture'] for item in manifest['train']['train']['left_out']] == ['3.png']


def test_what_cannot_be_is_told(sets, tmp_path):
    train, test = sets
    with pytest.raises(ValueError, match='together must be at least 1, got 0'):
        write_manifest([train], [test], tmp_path / 'out', together=0)
    with pytest.raises(ValueError, match='two training sets are called train'):
        write_manifest([train, train], [test], tmp_path / 'out')
