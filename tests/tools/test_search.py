"""tools/search.py as one would type it."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys

import pyogrio
import pytest
import torch
from PIL import Image

from tests.cascade_files import fusion_files
from tests.conftest import ROOT


@pytest.fixture
def index(tool, tiny, photos, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint)
    assert tool('index', photos, *model, '--out', tmp_path / 'index').code == 0
    return tmp_path / 'index'


def test_a_picture_finds_itself_with_a_score_of_one(tool, index, photos):
    run = tool('search', index, '--image', photos / 'c.jpg', '--top-k', '2')
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert lines[0] == str(photos / 'c.jpg')
    assert lines[1] == 'rank   score  file'  # a picture has no percentile
    assert lines[2] == f'   1  1.0000  {photos / "c.jpg"}'
    assert len(lines) == 4


def test_sentences_and_pictures_may_stand_in_any_order(tool, index, photos):
    run = tool('search', index, 'a cabin', '--image', photos / 'a.png', 'a lake', '--top-k', 1)
    assert run.code == 0, run.err
    blocks = run.out.strip().split('\n\n')
    assert [block.splitlines()[0] for block in blocks] == ['a cabin', 'a lake', f'{photos}/a.png']
    run = tool('search', index, *('--image', photos / 'b.png'), *('--image', photos / 'a.png'))
    heads = [block.splitlines()[0] for block in run.out.strip().split('\n\n')]
    assert heads == [f'{photos}/b.png', f'{photos}/a.png']


def test_writes_what_the_ending_says(tool, index, photos, tmp_path):
    names = ('r.png', 'r.csv', 'r.geojson', 'r.gpkg', 'r.html')
    outs = [word for name in names for word in ('--out', tmp_path / name)]
    run = tool('search', index, 'a lake', '--top-k', 3, *outs)
    assert run.code == 0, run.err
    assert (tmp_path / 'r.html').read_text().count('<img') == 3
    assert len(pyogrio.raw.read(tmp_path / 'r.gpkg')[3][0]) == 3
    assert Image.open(tmp_path / 'r.png').width > 500
    features = json.loads((tmp_path / 'r.geojson').read_text())['features']
    with open(tmp_path / 'r.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [f['properties']['source'] for f in features] == [row['source'] for row in rows]
    assert [f['properties']['rank'] for f in features] == [1, 2, 3]
    assert all(f['geometry'] is None for f in features)
    assert all(f['properties']['window'] == [0, 0, 48, 40] for f in features)


def test_an_index_moves_together_with_its_model(tool, index, tiny, tmp_path):
    there = tmp_path / 'there'
    there.mkdir()
    for path in (index, tiny.config, tiny.checkpoint):
        shutil.move(path, there)
    run = tool('search', there / 'index', 'a lake')
    assert run.code == 0, run.err


def test_a_moved_archive_is_found_by_root(tool, index, photos, tmp_path):
    there = tmp_path / 'there'
    photos.rename(there)
    run = tool('search', index, 'a lake', '--top-k', 1, '--root', there)
    assert run.code == 0, run.err
    assert str(there) in run.out and str(photos) not in run.out
    run = tool('search', index, 'a lake', '--root', tmp_path / 'gone')
    assert (run.code, run.err.count('\n')) == (1, 1) and 'gone is no folder' in run.err


def test_another_model_is_refused_and_the_same_elsewhere_is_not(tool, index, tiny, tmp_path):
    run = tool('search', index, 'a lake', '--model', tiny.config, tiny.other)
    assert run.code == 1
    assert 'made by another model' in run.err and 'weights (sha256' in run.err
    assert 'config (' not in run.err and run.err.count('\n') == 1
    shutil.move(tiny.config, tmp_path / 'moved.py')
    os.remove(tiny.other)
    run = tool('search', index, 'a lake')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'config.py does not exist' in run.err and '--model' in run.err
    run = tool('search', index, 'a lake', '--model', tmp_path / 'moved.py', tiny.checkpoint)
    assert run.code == 0, run.err


def test_a_changed_config_is_refused(tool, index, tiny):
    tiny.config.write_text(tiny.config.read_text().replace('(32, 32)', '(64, 64)'))
    run = tool('search', index, 'a lake')
    assert run.code == 1
    assert 'config (sha256' in run.err and 'weights' not in run.err


def test_device_is_handed_on(tool, index, monkeypatch):
    asked = []

    def load(config, checkpoint, device, text_only):
        asked.append((device, text_only))
        return object()

    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    monkeypatch.setattr('pir_mm.apis.search.index_model.load_retriever', load)
    with pytest.raises(AttributeError):  # the stand-in is no model
        tool('search', index, 'a lake', '--device', 'cuda')
    assert asked == [('cuda', True)]


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has what is missed here')
def test_a_missing_accelerator_is_told_in_a_sentence(tool, index):
    run = tool('search', index, 'a lake', '--device', 'cuda')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'requested, but this machine has' in run.err


def test_wrong_use_is_told_before_anything_is_loaded(tool, tmp_path):
    for options, reason in (
        (['a lake', '--out', 'r.txt'], 'r.txt must end in .csv, .geojson, .gpkg, .html, .png'),
        (['--out', 'r.csv'], '--out r.csv needs a query here; the prompt writes by :save r.csv'),
        (['--less-like', 'a.png'], '--less-like needs a sentence, or a picture to be like'),
        (['a lake', '--bbox', '1,2,3'], 'invalid box of W,S,E,N in degrees'),
        (['a lake', '--top-k', '0'], '--top-k must be at least 1, got 0'),
        (['a lake', '--more-like', 'r.png', '--out', './r.png'], 'is the picture to search with'),
    ):
        run = tool('search', tmp_path, *options)
        assert run.code == 2 and reason in run.err
    for options, reason in (
        ([], f'{tmp_path} holds no index'),
        (['--bbox', '-200,1,3,4'], 'the box -200,1,3,4 is not on Earth'),
        (['--where', 'score > 1'], 'score stands in the condition in place of a column'),
        (['--polygon', tmp_path / 'no.geojson'], 'no.geojson does not exist'),
        (['--since', 'May'], "'May' is no date"),
    ):
        run = tool('search', tmp_path, 'a lake', *options)
        assert (run.code, run.err.count('\n')) == (1, 1) and reason in run.err


def test_filters_reach_the_ranking(tool, index, photos):
    run = tool('search', index, 'a lake', '--where', "name glob '[ab]*'", '--top-k', 9)
    assert run.code == 0, run.err
    assert sorted(found_in(run.out)) == [str(photos / 'a.png'), str(photos / 'b.png')]
    run = tool('search', index, 'a lake', '--bbox', '-5,40,3,50', '--since', '2020')
    assert run.code == 0 and found_in(run.out) == []
    assert 'no tile of the index meets the filter' in run.err
    run = tool('search', index, '--image', photos / 'a.png', '--min-score', 0.9999)
    assert found_in(run.out) == [str(photos / 'a.png')]


def test_pictures_join_a_query(tool, index, photos):
    run = tool('search', index, '--more-like', photos / 'a.png', '--more-like', photos / 'b.png')
    assert run.code == 0, run.err
    assert run.out.splitlines()[0] == f'{photos}/a.png + {photos}/b.png'
    assert len(found_in(run.out)) == 5  # one query, not two
    run = tool('search', index, 'a lake', '--less-like', photos / 'a.png', '--top-k', 9)
    assert run.code == 0, run.err
    assert run.out.splitlines()[0] == f'a lake - 0.5 {photos}/a.png'
    assert len(found_in(run.out)) == 5 and 'percentile' not in run.out


def test_piped_lines_are_queries_and_mistakes_do_not_end_them(tool, index, photos, monkeypatch):
    lines = f'a lake\n:k 1\n:image {photos}/c.jpg\n:image gone.jpg\n:no\na cabin\n:quit\nb\n'
    monkeypatch.setattr(sys, 'stdin', io.StringIO(lines))
    run = tool('search', index)
    assert run.code == 0, run.err
    found = found_in(run.out)
    assert len(found) == 5 + 1 + 1 and found[5] == str(photos / 'c.jpg')
    errors = [line for line in run.err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 2 and 'gone.jpg' in errors[0] and ':no is unknown' in errors[1]
    assert len(re.findall(r'^\d+ ms$', run.err, flags=re.MULTILINE)) == 3
    monkeypatch.setattr(sys, 'stdin', io.StringIO(''))
    run = tool('search', index)
    assert run.code == 1 and 'no query: give a sentence' in run.err


def test_a_search_by_words_builds_no_image_encoder(tool, index, photos, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError('an image encoder is built')

    monkeypatch.setattr('pir_mm.models.encoders.image_encoder.ImageEncoder.__init__', refuse)
    run = tool('search', index, 'a lake', 'a cabin')
    assert run.code == 0, run.err
    with pytest.raises(AssertionError, match='an image encoder is built'):
        tool('search', index, '--image', photos / 'a.png')


def test_a_text_search_loads_no_library_that_it_does_not_need():
    heavy = ('matplotlib', 'pyogrio', 'rasterio', 'sklearn', 'pandas', 'charset_normalizer')
    code = f'import sys, pir_mm.apis.search\nprint([n for n in {heavy} if n in sys.modules])'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == '[]\n', done.stderr[-2000:]


def test_the_query_picture_is_not_overwritten(tool, index, photos):
    before = (photos / 'a.png').read_bytes()
    done = tool('search', index, '--image', photos / 'a.png', '--out', photos / 'a.png')
    assert done.code == 2 and 'is the picture to search with' in done.err
    assert (photos / 'a.png').read_bytes() == before


def test_a_fusion_model_reads_the_best_again(tool, index, photos, scenes, tmp_path):
    fusion = fusion_files(tmp_path / 'fusion', scenes)
    files = ('--rerank', fusion.config, fusion.checkpoint)
    plain = tool('search', index, 'a lake', '--top-k', 3)
    run = tool('search', index, 'a lake', '--top-k', 3, *files, '--rerank-top', 2)
    assert run.code == 0, run.err
    assert re.search(r'milliseconds of a query: filter [\d.]+, reading [\d.]+, scoring', run.err)
    before, after = (found_in(one.out) for one in (plain, run))
    assert sorted(after[:2]) == sorted(before[:2]) and after[2:] == before[2:]
    run = tool('search', index, '--image', photos / 'c.jpg', *files, '--out', tmp_path / 'r.csv')
    assert run.code == 0, run.err
    assert found_in(run.out)[0] == str(photos / 'c.jpg')
    assert (tmp_path / 'r.csv').is_file()


def found_in(output):
    return [line.split()[2] for line in output.splitlines() if line.strip()[:1].isdigit()]


def test_what_cannot_read_again_is_told_in_a_sentence(tool, index, tiny):
    run = tool('search', index, 'a lake', '--rerank', tiny.config, tiny.checkpoint)
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'must be a fusion model, such as pir_mm.FusionRetriever, got PIR' in run.err
    run = tool('search', index, 'a lake', '--rerank-top', 0)
    assert run.code == 2 and '--rerank-top must be at least 1, got 0' in run.err
