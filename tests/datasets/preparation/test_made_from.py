"""Has anything changed?"""

import json
import os

import pytest

from pir_mm.datasets.preparation.made_from import made_from, refuse_inside, unchanged_report


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'source'
    folder.mkdir()
    for name in ('a.jpg', 'b.zip', 'c.json', 'other.txt'):
        (folder / name).write_text(name)
        os.utime(folder / name, (1, 1))
    return folder


def take(source, **options):
    made = made_from(source, source / 'out', source / 'c.json', options)
    assert json.loads(json.dumps(made)) == made
    return made


@pytest.mark.parametrize('name', ['a.jpg', 'b.zip', 'c.json'])
def test_sees_every_file_that_is_read(source, name):
    before = take(source)
    assert take(source) == before
    os.utime(source / name, (2, 2))
    changed = take(source)
    assert changed != before
    (source / name).write_text('longer than before')
    os.utime(source / name, (2, 2))
    assert take(source) not in (before, changed)


def test_sees_options_and_new_pictures_but_not_other_files(source):
    before = take(source, seed=1)
    (source / 'other.txt').write_text('x')
    assert take(source, seed=1) == before
    assert take(source, seed=2) != before
    (source / 'd.tif').touch()
    assert take(source, seed=1) != before


def written(out, origin):
    (out / 'images').mkdir(parents=True)
    (out / 'images' / 'a.jpg').touch()
    (out / 'vocab.txt').touch()
    captions = {'images': [{'filename': 'a.jpg'}]}
    (out / 'captions.json').write_text(json.dumps(captions))
    (out / 'report.json').write_text(json.dumps({'pictures': 1, 'made_from': origin}))
    return out


def test_a_whole_folder_of_the_same_sources_is_unchanged(tmp_path):
    out = written(tmp_path / 'out', {'a': 1})
    assert unchanged_report(out, {'a': 1})['pictures'] == 1
    assert unchanged_report(out, {'a': 2}) is None
    assert unchanged_report(tmp_path / 'nothing', {'a': 1}) is None


@pytest.mark.parametrize('name', ['vocab.txt', 'images/a.jpg'])
def test_a_folder_that_lost_something_is_made_again(tmp_path, name):
    out = written(tmp_path / 'out', {})
    (out / name).unlink()
    assert unchanged_report(out, {}) is None


@pytest.mark.parametrize('report', [None, '{', '[]', '{}', '{"pictures": 1}'])
def test_a_folder_without_a_report_of_ours_is_left_alone(tmp_path, report):
    out = written(tmp_path / 'out', {})
    (out / 'report.json').unlink()
    if report is not None:
        (out / 'report.json').write_text(report)
    with pytest.raises(ValueError, match='out exists and has no report.json of ours'):
        unchanged_report(out, {})
    (tmp_path / 'empty').mkdir()
    assert unchanged_report(tmp_path / 'empty', {}) is None


@pytest.mark.parametrize(
    'name', ['notes.txt', '.notes', 'images/b.jpg', 'images/x/a.jpg', 'more/a']
)
def test_a_folder_with_files_of_others_is_left_alone(tmp_path, name):
    out = written(tmp_path / 'out', {})
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).touch()
    reason = f'files that this program did not write .{name.removeprefix("images/")[:1]}'
    with pytest.raises(ValueError, match=reason):
        unchanged_report(out, {})
    assert (out / name).exists()


def test_what_a_file_manager_leaves_is_nobodys(tmp_path):
    out = written(tmp_path / 'out', {'a': 1})
    (out / '.DS_Store').touch()
    (out / 'images' / '.DS_Store').touch()
    assert unchanged_report(out, {'a': 2}) is None


def test_pictures_without_a_caption_file_are_left_alone(tmp_path):
    out = written(tmp_path / 'out', {})
    (out / 'captions.json').unlink()
    with pytest.raises(ValueError, match='has pictures, and no captions.json'):
        unchanged_report(out, {})


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / 'out').touch()
    with pytest.raises(ValueError, match='out is a file: choose a folder'):
        unchanged_report(tmp_path / 'out', {})


def test_nothing_that_is_read_may_lie_in_the_output(tmp_path):
    refuse_inside(tmp_path / 'out', [tmp_path, tmp_path / 'outside', tmp_path / 'a.csv'])
    for path in (tmp_path / 'out', tmp_path / 'out' / 'a' / 'b.csv'):
        with pytest.raises(ValueError, match='is read, and lies in .*out, which is written anew'):
            refuse_inside(tmp_path / 'out', [tmp_path, path])
