"""A config is read with its options, and a wrong key or value is named."""

import pytest

from pir_mm.apis.training.configuration import load_config, parse_options
from tests.conftest import DEMO, ROOT


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


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('data/my tiny/', 'data/my tiny/'),
        (' led by a blank', ' led by a blank'),
        ('"data/a, b/"', 'data/a, b/'),
        ("'3'", '3'),
        ('3', 3),
        ('1e-4', 1e-4),
        ('True', True),
        ('false', False),
        ('None', None),
        ('none', None),
        ('a,b c', ['a', 'b c']),
        ('1,2', [1, 2]),
        ('[1, 2]', [1, 2]),
        ('[]', []),
        ('[a,(b,2)]', ['a', ('b', 2)]),
        ('(0.9,0.98)', (0.9, 0.98)),
        ("dict(a='b')", "dict(a='b')"),
        ('{"a": [1, 2]}', {'a': [1, 2]}),
        ('a=b', 'a=b'),
        ('', ''),
        ('[open', '[open'),
    ],
)
def test_an_option_keeps_its_value(text, value):
    (given,) = parse_options([f'model.x={text}']).values()
    assert (given, type(given)) == (value, type(value))


@pytest.fixture
def inherited(tmp_path):
    (tmp_path / 'base.py').write_text(
        "data_root = 'data/a/'\nwidth = 3\nmodel = dict(type='M', sizes=[width, 4])\n"
        'train_dataloader = dict(dataset=dict(data_root=data_root))\n'
        'val_dataloader = dict(dataset=dict(data_root=data_root))\n'
    )
    path = tmp_path / 'child.py'
    path.write_text("_base_ = './base.py'\n")
    return path


@pytest.mark.parametrize(
    ('option', 'where'),
    [
        ('data_root=b', 'train_dataloader.dataset.data_root, val_dataloader.dataset.data_root'),
        ('width=5', 'set model.sizes.0 itself'),
    ],
)
def test_an_option_that_comes_too_late_is_refused(inherited, option, where):
    with pytest.raises(ValueError, match=f'{option[:5]}.* would have no effect.*{where}'):
        load_config(inherited, [option])


def test_a_variable_set_anew_after_its_use_is_refused(inherited):
    inherited.write_text("_base_ = './base.py'\ndata_root = 'data/b/'\n")
    with pytest.raises(
        ValueError, match='child.py: data_root has no effect here, because .*base.py has'
    ):
        load_config(inherited)
    inherited.write_text(
        "_base_ = './base.py'\ndata_root = 'data/b/'\nnew = 1\n"
        'train_dataloader = dict(dataset=dict(data_root=data_root))\n'
    )
    assert load_config(inherited).train_dataloader.dataset.data_root == 'data/b/'


def test_data_of_ones_own(scenes, tmp_path):
    config = load_config(DEMO, data=scenes)
    for part in ('train', 'val', 'test'):
        assert config[f'{part}_dataloader'].dataset.data_root == str(scenes)
    assert config.model.tokenizer.vocab == f'{scenes}/vocab.txt'
    pieces = len((scenes / 'vocab.txt').read_text().split())
    assert config.model.text_encoder.vocab_size == pieces
    with pytest.raises(FileNotFoundError, match='has no captions.json: python tools/prepare_data'):
        load_config(DEMO, data=tmp_path)
    with pytest.raises(ValueError, match='a config that trains on captions'):
        load_config(ROOT / 'configs' / 'scene' / 'resnet18_aid.py', data=scenes)


def test_data_of_ones_own_has_its_own_scenes(scenes, tmp_path):
    child = tmp_path / 'child.py'
    child.write_text(
        f'_base_ = {str(DEMO)!r}\ntrain_dataloader = dict(dataset=dict(scenes=["beach"]))\n'
    )
    assert 'scenes' in load_config(child).train_dataloader.dataset
    assert 'scenes' not in load_config(child, data=scenes).train_dataloader.dataset


def test_data_of_ones_own_leave_pretrained_words_their_vocabulary(scenes):
    """MiniLM's word vectors belong to its own vocabulary; features go beside the data."""
    lite = ROOT / 'configs' / 'pir' / 'pretrained' / 'pir_itr_lite_rsicd.py'
    config = load_config(lite, data=scenes)
    assert config.model.tokenizer.vocab == 'data/weights/minilm-l6/vocab.txt'
    assert 'vocab_size' not in config.model.text_encoder
    assert config.train_dataloader.dataset.data_root == str(scenes)
    assert config.default_hooks.features.folder == f'{scenes}/features'


def test_data_of_ones_own_leave_clip_its_words(scenes):
    config = load_config(ROOT / 'configs' / 'clip' / 'clip_ft_rsicd.py', data=scenes)
    assert 'vocab' not in config.model.tokenizer
    assert config.train_dataloader.dataset.data_root == str(scenes)
    assert config.test_dataloader.dataset.data_root == str(scenes)


def test_data_of_ones_own_is_one_set(scenes, tmp_path):
    child = tmp_path / 'child.py'
    child.write_text(
        f'_base_ = {str(DEMO)!r}\n'
        'part = dict(type="pir_mm.CaptionDataset", data_root="a")\n'
        'mixture = dict(_delete_=True, type="pir_mm.CaptionMixture", datasets=[part, part])\n'
        'train_dataloader = dict(dataset=mixture)\n'
    )
    with pytest.raises(ValueError, match='--data is one set, and this config joins several'):
        load_config(child, data=scenes)
