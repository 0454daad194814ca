"""Every config trains one step and evaluates once, at tiny widths on generated scenes."""

import re

import pytest
import torch
from mmengine.runner import Runner

from pir_mm.apis.training.configuration import load_config
from pir_mm.registry import MODELS
from tests.conftest import ROOT

CONFIGS = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)
CLASSIFIERS = [path for path in CONFIGS if path.parent.name == 'scene']
RETRIEVERS = [path for path in CONFIGS if path not in CLASSIFIERS]
TINY_BACKBONES = {
    'mmpretrain.SwinTransformer': dict(
        arch=dict(embed_dims=24, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8])
    ),
    'mmpretrain.ResNet': dict(stem_channels=4, base_channels=4),
    'mmpretrain.ConvNeXt': dict(arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 16, 32])),
    # its widths are fixed: one convolution of the first stage
    'mmpretrain.VGG': dict(depth=11, num_stages=1, dilations=(1,), out_indices=(0,)),
    'mmpretrain.VisionTransformer': dict(
        arch=dict(embed_dims=24, num_layers=1, num_heads=2, feedforward_channels=24)
    ),
}
TINY_TEXT = {
    'pir_mm.BertEncoder': dict(
        hidden_size=16, layers=1, heads=2, intermediate_size=16, init='random'
    ),
    'pir_mm.GRUEncoder': dict(word_size=16, hidden_size=16),
}
WIDTH = 16


def shrink(config, scenes):
    """The same run with every width cut, random weights and few pictures."""
    model = config.model
    for name in ('image_encoder', 'instruction_encoder'):
        if model.get(name):
            model[name].backbone.update(TINY_BACKBONES[model[name].backbone.type])
            model[name].init = 'random'
    model.text_encoder.update(TINY_TEXT[model.text_encoder.type])
    for part in ('image_encoder', 'instruction_encoder', 'text_encoder', 'head'):
        if model.get(part):
            model[part].dim = WIDTH
    for part in ('spatial_pae', 'temporal_pae'):
        if model.get(part):
            model[part].update(dim=WIDTH, heads=2)
    model.tokenizer.vocab = str(scenes / 'vocab.txt')
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False, pin_memory=False)
        loader.dataset.update(data_root=f'{scenes}/', indices=4)
    return config


def run_once(config, work_dir):
    """Train one epoch, validate, test; the metrics."""
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler = None
    config.work_dir = str(work_dir)
    config.experiment_name = work_dir.name
    config.log_level = 'ERROR'
    runner = Runner.from_cfg(config)
    runner.train()
    return runner.test()


@pytest.mark.parametrize('path', RETRIEVERS, ids=lambda path: path.stem)
def test_trains_and_evaluates(path, scenes, tmp_path):
    metrics = run_once(shrink(load_config(path), scenes), tmp_path / path.stem)
    assert 0 <= metrics['mR'] <= 100
    assert list((tmp_path / path.stem).glob('best_mR_*.pth'))


@pytest.mark.parametrize('path', CLASSIFIERS, ids=lambda path: path.stem)
def test_a_classifier_becomes_a_prior(path, scenes, tmp_path):
    for picture in sorted((scenes / 'images').iterdir())[:24]:
        folder = tmp_path / 'pictures' / picture.stem.split('_')[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / picture.name).symlink_to(picture)
    config = load_config(path)
    backbone = config.model.backbone
    backbone.update(TINY_BACKBONES[backbone.type])
    config.model.pop('init', None)
    # what retrieval reads is the whole sequence, of which a classifier takes the class token
    read = dict(backbone, out_type='raw') if 'Vision' in backbone.type else backbone
    prior = MODELS.build(dict(type='pir_mm.InstructionEncoder', backbone=read))
    config.model.head.in_channels = prior.projection.in_features
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False, pin_memory=False)
        loader.dataset.data_root = str(tmp_path / 'pictures')
    run_once(config, tmp_path / path.stem)
    (best,) = (tmp_path / path.stem).glob('best_accuracy_top1_*.pth')
    prior.init = str(best)
    prior.init_weights()
    trained = torch.load(best, weights_only=True)['state_dict']
    for name, value in prior.backbone.state_dict().items():
        torch.testing.assert_close(value, trained[f'backbone.{name}'])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_tells_the_command_that_runs_it(path):
    commands = re.findall(r'mim train pir_mm (configs/\S+)', path.read_text())
    assert commands[-1] == str(path.relative_to(ROOT))
    assert all((ROOT / name).is_file() for name in commands)  # what it starts from comes before
