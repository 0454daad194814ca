"""tools/export.py as one would type it."""

import numpy as np
import pytest


def test_an_exported_model_indexes_and_searches(tool, tiny, photos, tmp_path):
    pytest.importorskip('onnx', reason='pip install -r requirements/onnx.txt')
    pytest.importorskip('onnxruntime', reason='pip install -r requirements/onnx.txt')
    export, index = tmp_path / 'export', tmp_path / 'index'
    run = tool('export', 'onnx', tiny.config, tiny.checkpoint, '--out', export)
    assert run.code == 0, run.err
    assert run.out.startswith(f'{export}: fp32, ') and 'against torch' in run.out
    assert {path.name for path in export.iterdir()} == {
        'image.onnx', 'model.json', 'preprocess.json', 'text.onnx', 'tokenizer.json',
    }  # fmt: skip
    run = tool('index', photos, '--model', export, '--out', index, '--device', 'cpu')
    assert run.code == 0, run.err


def test_vectors_of_an_index(tool, tiny, photos, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint)
    assert tool('index', photos, *model, '--out', tmp_path / 'index').code == 0
    run = tool('export', 'vectors', tmp_path / 'index', '--out', tmp_path / 'all.npy')
    assert (run.code, run.out) == (0, f'{tmp_path}/all.npy: 5 vectors\n')
    assert np.load(tmp_path / 'all.npy').shape == (5, 16)
    run = tool('export', 'vectors', tmp_path / 'index', '--out', tmp_path / 'all.txt')
    assert run.code == 1 and 'must end in .npy or .parquet' in run.err


def test_too_many_names_are_refused(tool, tmp_path):
    run = tool('export', 'onnx', 'a', 'b', 'c', '--out', tmp_path / 'export')
    assert run.code == 2 and 'CONFIG CKPT or a NAME' in run.err
