"""The quickstart writes files that can be moved, and shows what its commands do."""

import json

import pytest

from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.training.quickstart import (
    chance_metrics,
    run_command,
    run_logged,
    run_quickstart,
    write_flat_config,
)
from pir_mm.apis.weights.loading import load_retriever
from tests.conftest import ROOT

CONFIG = ROOT / 'configs' / 'demo' / 'pir_itr_scenes.py'


def test_chance_is_what_a_constant_model_scores(tmp_path):
    entries = [{'split': 'test', 'sentences': [{}] * 2} for _ in range(4)]
    entries += [{'split': 'train', 'sentences': [{}]}]
    (tmp_path / 'captions.json').write_text(json.dumps({'images': entries}))
    metrics = chance_metrics(tmp_path / 'captions.json')
    assert (metrics['n_images'], metrics['n_texts']) == (4, 8)
    # text to image: 1/4, then 1 for K = 5 and 10; image to text, 2 of 8 captions are right:
    # 1/4, 1 - (6 5 4 3 2)/(8 7 6 5 4) = 25/28, 1
    expected = 100 * (0.25 + 1 + 1 + 0.25 + 25 / 28 + 1) / 6
    assert metrics['chance_mR'] == pytest.approx(expected)


def test_the_flat_config_loads_from_anywhere_even_when_it_was_moved(scenes, tmp_path, monkeypatch):
    (tmp_path / 'a').mkdir()
    write_flat_config(CONFIG, scenes / 'vocab.txt', tmp_path / 'a' / 'config.py')
    (tmp_path / 'a').rename(tmp_path / 'b')
    monkeypatch.chdir(tmp_path)
    config = load_config(tmp_path / 'b' / 'config.py')
    assert '_base_' not in (tmp_path / 'b' / 'config.py').read_text()
    assert config.model.tokenizer.vocab == str(tmp_path / 'b' / 'vocab.txt')
    model = load_retriever(tmp_path / 'b' / 'config.py')
    ids, mask = model.tokenize(['two white planes'])
    assert ids.shape == mask.shape == (1, 5)


def test_a_step_that_fails_names_its_log(tmp_path, capfd):
    script = tmp_path / 'step.py'
    script.write_text('raise SystemExit(3)')
    with pytest.raises(ValueError, match=r'step\.py failed with exit code 3, see above'):
        run_command([str(script)])
    with pytest.raises(ValueError, match=r'step\.py failed with exit code 3, see .*step\.log'):
        run_logged([str(script)], tmp_path / 'step.log')
    assert f'$ python {script}' in capfd.readouterr().out


def test_shows_the_lines_that_tell_progress_and_keeps_all(tmp_path, capfd):
    script = tmp_path / 'step.py'
    script.write_text("print('noise'); print('07/21 INFO - Epoch(train)  [1][2/9]   loss: 3')")
    run_logged([str(script)], tmp_path / 'step.log')
    shown = capfd.readouterr().out
    assert '  Epoch(train) [1][2/9] loss: 3\n' in shown
    assert 'noise' not in shown
    assert 'noise' in (tmp_path / 'step.log').read_text()


def test_files_of_others_are_not_overwritten(tmp_path):
    (tmp_path / 'config.py').write_text('mine')
    with pytest.raises(ValueError, match='has config.py, which no quickstart wrote'):
        run_quickstart(tmp_path, tmp_path, tmp_path / 'data', tmp_path)
    assert (tmp_path / 'config.py').read_text() == 'mine'
