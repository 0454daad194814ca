"""A config is read with its options, and a wrong key or value is named."""

import pytest

from pir_mm.apis.training.configuration import load_config


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / 'run.py'
    path.write_text('model = dict(keep=1)\ntrain_pipeline = []\n')
    return path


def test_options_are_merged_last(config_file):
    config = load_config(config_file, ['model.keep=4', 'randomness.seed=2'])
    assert config.model.keep == 4
    assert config.randomness.seed == 2


def test_work_dir_is_named_after_the_config(config_file):
    assert load_config(config_file).work_dir == 'work_dirs/run'
    assert load_config(config_file, work_dir='there').work_dir == 'there'


def test_names_the_key_that_is_meant(config_file, tmp_path):
    with pytest.raises(ValueError, match="no config key 'modle', did you mean 'model'"):
        load_config(config_file, ['modle.keep=4'])
    slip = tmp_path / 'slip.py'
    slip.write_text('train_dataloder = dict()\n')
    with pytest.raises(ValueError, match="'train_dataloder', did you mean 'train_dataloader'"):
        load_config(slip)


def test_says_what_an_option_looks_like(config_file):
    with pytest.raises(ValueError, match="key=value, but got 'keep'"):
        load_config(config_file, ['keep'])


def test_says_that_the_file_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.py does not exist'):
        load_config(tmp_path / 'nowhere.py')
