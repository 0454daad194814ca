"""From sources to the layout."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from pir_mm.datasets import CaptionDataset
from pir_mm.datasets.preparation import prepare_dataset


@pytest.fixture
def source(tmp_path, draw_picture):
    folder = tmp_path / 'source'
    annotations = []
    for number in range(12):
        name = f'pond_{number}.png'
        draw_picture(folder / 'loose' / name, seed=number)
        sentences = [{'raw': f'pond number {number}'}, {'raw': 'A pond.'}]
        split = ('train', 'train', 'train', 'test')[number % 4]
        annotations.append({'filename': name, 'split': split, 'sentences': sentences})
    with zipfile.ZipFile(folder / 'part.zip', 'w') as archive:
        for number in range(6):
            path = folder / 'loose' / f'pond_{number}.png'
            archive.write(path, f'inside/{path.name}')
            path.unlink()
    annotations[4]['sentences'][1]['raw'] = ' .'
    (folder / 'dataset_mine.json').write_text(json.dumps({'images': annotations}))
    return folder


def prepare(source, name='custom', lines=None, **options):
    if name == 'custom':
        options.setdefault('captions', source / 'dataset_mine.json')
    lines = [] if lines is None else lines
    return prepare_dataset(name, source, source.parent / 'out', log=lines.append, **options)


def test_the_layout_can_be_read(source):
    lines = []
    report = prepare(source, lines=lines)
    out = source.parent / 'out'
    assert sorted(path.name for path in out.iterdir()) == [
        'captions.json', 'images', 'report.json', 'vocab.txt',
    ]  # fmt: skip
    assert len(list((out / 'images').iterdir())) == report['pictures'] == 12
    assert (report['captions'], report['scenes'], report['renamed']) == (23, 0, 0)
    assert report['empty_captions_dropped'] == ['pond_4.png, caption 1']
    assert report['missing'] == report['broken'] == report['without_caption'] == []
    assert set(report['checksums']) == {'dataset_mine.json', 'part.zip'}
    assert len(CaptionDataset(data_root=str(out))) == 17
    test = CaptionDataset(data_root=str(out), split='test', test_mode=True)
    assert [item['text'] for item in test][1:] == [['pond number 7'], ['pond number 11']]
    assert len(lines) == 2
    assert lines[1].startswith(
        'train on it by: python tools/train.py configs/demo/pir_itr_scenes.py'
    )
    assert lines[1].endswith(f' --data {out} --work-dir work_dirs/out')
    assert '12 pictures (9 train, 0 val, 3 test), 23 captions (1 empty ones dropped)' in lines[0]


def test_a_second_run_does_nothing_until_something_changes(source):
    report = prepare(source)
    stamp = (source.parent / 'out').stat().st_mtime_ns, (source.parent / 'out').stat().st_ino
    lines = []
    assert prepare(source, lines=lines) == json.loads(json.dumps(report))
    assert 'is up to date, nothing to do: 12 pictures' in lines[0]
    assert (
        (source.parent / 'out').stat().st_mtime_ns,
        (source.parent / 'out').stat().st_ino,
    ) == stamp
    prepare(source, lines=lines, vocab_size=80)
    os.utime(source / 'part.zip', (1, 1))
    prepare(source, lines=lines, vocab_size=80)
    assert [line.split()[0] for line in lines[1:]] == ['wrote', 'train', 'wrote', 'train']
    assert len((source.parent / 'out' / 'vocab.txt').read_text().split()) == 80


def test_missing_and_broken_pictures_stop_it_unless_allowed(source):
    (source / 'loose' / 'pond_7.png').unlink()
    (source / 'loose' / 'pond_8.png').write_bytes(b'nothing')
    lines = []
    with pytest.raises(ValueError, match='1 of 12 pictures are missing'):
        prepare(source, lines=lines)
    assert lines == ['missing: pond_7.png']
    assert not (source.parent / 'out').exists()
    report = prepare(source, lines=lines, allow_missing=True)
    assert report['missing'] == ['pond_7.png']
    assert report['broken'][0].startswith(
        f'the picture {source}/loose/pond_8.png cannot be decoded'
    )
    assert report['pictures'] == len(CaptionDataset(data_root=str(source.parent / 'out'))) // 2 + 3
    draw = (source / 'loose' / 'pond_9.png').read_bytes()
    (source / 'loose' / 'pond_7.png').write_bytes(draw)
    with pytest.raises(ValueError, match='1 of 12 pictures are broken'):
        prepare(source)
    assert len(list((source.parent / 'out' / 'images').iterdir())) == 10
    assert sorted(os.listdir(source.parent)) == ['out', 'source']


def test_a_published_set_is_compared_with_what_is_published(source):
    with pytest.raises(
        ValueError, match=r"dataset_mine.json has {'train': 9.* published are {'tra"
    ):
        prepare(source, 'rsicd')
    report = prepare(source, 'rsicd', allow_missing=True)
    assert report['splits'] == {'train': 9, 'val': 0, 'test': 3}
    assert report['splits_published'] == {'train': 8734, 'val': 1094, 'test': 1093}


def test_vocabulary_does_not_depend_on_what_is_missing(source):
    captions = source / 'dataset_mine.json'
    captions.write_text(captions.read_text().replace('pond number 8', 'zebra, zebra'))
    prepare(source)
    whole = (source.parent / 'out' / 'vocab.txt').read_bytes()
    assert b'zebra' in whole
    (source / 'loose' / 'pond_8.png').unlink()
    prepare(source, allow_missing=True)
    assert (source.parent / 'out' / 'vocab.txt').read_bytes() == whole


def test_names_wrong_arguments(source, tmp_path):
    with pytest.raises(
        ValueError, match="'nwpu' is not known: rsicd, ucm, rsitmd, sydney or custom"
    ):
        prepare(source, 'nwpu')
    with pytest.raises(ValueError, match='need a caption file: give it by --captions'):
        prepare(source, captions=None)
    with pytest.raises(FileNotFoundError, match='nothing.json does not exist'):
        prepare(source, captions=tmp_path / 'nothing.json')
    with pytest.raises(FileNotFoundError, match='vocab.txt does not exist'):
        prepare(source, vocab=tmp_path / 'vocab.txt')
    with pytest.raises(FileNotFoundError, match='nowhere is not a folder'):
        prepare(tmp_path / 'nowhere')


def test_its_own_sources_are_never_deleted(source):
    inside = {path: path.read_bytes() for path in source.rglob('*') if path.is_file()}
    (source.parent / 'link').symlink_to(source)
    for out in (source, source.parent, source.parent / 'link', source / 'loose' / '..'):
        with pytest.raises(ValueError, match='is read, and lies in .* another folder by --out'):
            prepare_dataset('custom', source, out, source / 'dataset_mine.json')
    assert inside == {path: path.read_bytes() for path in source.rglob('*') if path.is_file()}


@pytest.mark.parametrize('option', ['captions', 'vocab'])
def test_a_caption_file_or_vocabulary_in_the_output_is_not_deleted(source, option):
    prepare(source)
    out = source.parent / 'out'
    held = out / ('captions.json' if option == 'captions' else 'vocab.txt')
    before = held.read_bytes()
    with pytest.raises(ValueError, match=f'{held} is read, and lies in {out}'):
        prepare(source, **{option: held})
    assert held.read_bytes() == before


def test_files_of_others_in_the_output_are_not_touched(source):
    prepare(source)
    note = source.parent / 'out' / 'notes.txt'
    note.write_text('mine')
    for options in ({}, {'vocab_size': 90}):
        with pytest.raises(ValueError, match=r'did not write \(notes.txt\)'):
            prepare(source, **options)
    assert note.read_text() == 'mine'


def test_equal_names_in_other_folders_are_prepared_and_read(tmp_path, draw_picture):
    rows = ['image,caption']
    for number in range(12):
        name = f'{100 + number % 3}/{number // 3:03d}.jpg'
        draw_picture(tmp_path / 'source' / name, seed=number)
        rows.append(f'{name},scene {number}')
    (tmp_path / 'pairs.csv').write_text('\n'.join(rows))
    source, out, captions = tmp_path / 'source', tmp_path / 'out', tmp_path / 'pairs.csv'
    lines = []
    report = prepare_dataset('custom', source, out, captions, log=lines.append)
    assert report['pictures'] == 12 and report['renamed'] == 0
    for split in ('train', 'val', 'test'):
        for item in CaptionDataset(data_root=str(out), split=split, test_mode=True):
            number = int(item['text'][0].split()[1])
            stored = Path(item['img_path'])
            assert stored.read_bytes() == (source / stored.relative_to(out / 'images')).read_bytes()
            assert stored.relative_to(out / 'images').as_posix() == rows[1 + number].split(',')[0]
    prepare_dataset('custom', source, out, captions, log=lines.append)
    assert 'is up to date' in lines[-1]


def test_says_that_other_archives_must_be_unpacked(source, tmp_path):
    (tmp_path / 'bare').mkdir()
    (tmp_path / 'bare' / 'pictures.rar').touch()
    lines = []
    with pytest.raises(ValueError, match='12 of 12 pictures are missing'):
        prepare(tmp_path / 'bare', captions=source / 'dataset_mine.json', lines=lines)
    assert lines[0].endswith(
        'bare has no picture, loose or in a .zip; other archives must be unpacked'
    )


def test_real_sydney_pictures_stand_under_another_ending(shared_dir, tmp_path):
    report = prepare_dataset('sydney', shared_dir / 'data' / 'sydney_captions', tmp_path / 'sydney',
                             allow_missing=True, log=lambda line: None)  # fmt: skip
    assert (report['pictures'], len(report['missing']), report['renamed']) == (9, 604, 9)
    assert report['splits'] == {'train': 9, 'val': 0, 'test': 0}


def test_a_link_to_a_caption_file_in_the_output_is_seen_through(source):
    prepare(source)
    out = source.parent / 'out'
    before = (out / 'captions.json').read_bytes()
    (source / 'dataset_mine.json').unlink()
    (source / 'dataset_ucm.json').symlink_to(out / 'captions.json')
    with pytest.raises(ValueError, match='captions.json is read, and lies in'):
        prepare(source, 'ucm', allow_missing=True)
    assert (out / 'captions.json').read_bytes() == before
