"""tools/search.py with an exported model does what it does with torch, and imports no torch."""

import io
import json
import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytest.importorskip('onnx', reason='pip install -r requirements/onnx.txt')
pytest.importorskip('onnxruntime', reason='pip install -r requirements/onnx.txt')

KNOWN = [f'{first} {second}' for first in 'abcdefgh' for second in 'ijklmno']


@pytest.fixture
def export(tool, tiny, tmp_path):
    run = tool('export', 'onnx', tiny.config, tiny.checkpoint, '--out', tmp_path / 'export')
    assert run.code == 0, run.err
    return tmp_path / 'export'


@pytest.fixture
def index(tool, tiny, photos, tmp_path):
    """Made by torch, in float32."""
    model = ('--model', tiny.config, tiny.checkpoint, '--precision', 'fp32', '--device', 'cpu')
    run = tool('index', photos, *model, '--out', tmp_path / 'index')
    assert run.code == 0, run.err
    return tmp_path / 'index'


def parts(text):
    """Words of an output, and its numbers, which may differ in the last digit."""
    number = r'-?\d+\.\d+'
    return re.sub(number, '#', text), [float(found) for found in re.findall(number, text)]


def test_both_tell_the_same(tool, index, export, tiny, photos, tmp_path, monkeypatch):
    monkeypatch.setattr('pir_mm.querying.vector_searcher.background_captions', lambda: KNOWN)
    picture = ('--image', photos / 'c.jpg')
    likes = ('--more-like', photos / 'a.png', '--less-like', photos / 'b.png')
    for number, words in enumerate(
        (
            ['a b', 'a cab', *picture, '--top-k', 3],
            ['a b', *picture, *likes, '--every-tile'],
            ['a b', '--where', "name glob '[ad]*'"],
            ['a b', '--min-score', '0.99', *picture],
            ['a b', '--since', '2020', '--bbox', '-5,40,3,50'],
            likes,
        )
    ):
        told = {}
        for name, model in (('torch', []), ('onnx', ['--model', export])):
            endings = ('csv', 'geojson', 'gpkg', 'html', 'png')
            out = [tmp_path / f'{name}-{number}.{ending}' for ending in endings]
            outs = [word for path in out for word in ('--out', path)]
            run = tool('search', index, *words, *model, *outs)
            assert run.code == 0, run.err
            assert all(path.stat().st_size for path in out)
            told[name] = [parts(text) for text in (run.out, run.err, out[0].read_text())]
            features = json.loads(out[1].read_text())['features']
            told[name].append(([f['properties']['source'] for f in features], []))
        for (ours, found), (theirs, wanted) in zip(told['onnx'], told['torch'], strict=True):
            assert ours == theirs
            assert found == pytest.approx(wanted, abs=2e-4)
        if number == 0:
            assert 'percentile' in told['onnx'][0][0] and 'does not know cab' in told['onnx'][1][0]


def test_the_prompt_answers_too(tool, index, export, photos, monkeypatch):
    lines = f'a b\n:k 1\n:image {photos}/c.jpg\n:image gone.jpg\nzzz\n:quit\n'
    monkeypatch.setattr(sys, 'stdin', io.StringIO(lines))
    run = tool('search', index, '--model', export)
    assert run.code == 0, run.err
    assert len(run.out.splitlines()) == 2 + 5 + 2 + 1
    assert run.out.splitlines()[-1].endswith('c.jpg')
    errors = [line for line in run.err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 2 and 'gone.jpg' in errors[0] and 'knows no word' in errors[1]


def test_what_makes_no_sense_is_told_in_a_sentence(tool, index, export, tiny, photos, tmp_path):
    for options, reason in (
        (['--model', export, '--rerank', tiny.config, tiny.other], '--rerank needs torch, and '),
        (['--model', export, '--device', 'cuda'], 'runs without: give --model CONFIG CKPT'),
        (['--model', tiny.config], 'takes CONFIG CKPT or the folder of an exported model, got '),
        (['--model', export, tiny.other], 'with its weights in it: leave out'),
        (['--model', tiny.config, tiny.other], 'made by another model'),
    ):
        run = tool('search', index, 'a b', *options)
        assert (run.code, run.err.count('\n')) == (1, 1) and reason in run.err
    run = tool('export', 'onnx', tiny.config, tiny.other, '--out', tmp_path / 'other')
    assert run.code == 0, run.err
    run = tool('search', index, 'a b', '--model', tmp_path / 'other')
    assert run.code == 1 and 'made by another model' in run.err


def test_an_index_finds_the_export_that_made_it_and_a_query_imports_no_torch(
    tool, export, photos, tmp_path
):
    index = tmp_path / 'index'
    run = tool('index', photos, '--model', export, '--out', index, '--device', 'cpu')
    assert run.code == 0, run.err
    code = (
        'import runpy, sys\nsys.argv[0] = "search"\n'
        f'runpy.run_path({str(ROOT / "tools" / "search.py")!r}, run_name="__main__")\n'
        'print(sorted({"torch", "mmengine", "transformers", "matplotlib"} & set(sys.modules)))'
    )
    outs = [tmp_path / f'r.{ending}' for ending in ('csv', 'geojson', 'gpkg')]
    words = ['a b', '--image', photos / 'c.jpg', '--less-like', photos / 'a.png', '--top-k', 2]
    words += ['--where', 'width > 4', *(word for out in outs for word in ('--out', out))]
    done = subprocess.run(
        [sys.executable, '-c', code, *map(str, [index, *words])],
        env=os.environ | {'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f'a b - 0.5 {photos}/a.png' and lines[2].startswith('   1  ')
    assert lines[-1] == '[]' and all(out.is_file() for out in outs)
    run = tool('search', index, 'a b', '--top-k', 1)
    assert run.code == 0 and len(run.out.splitlines()) == 3
