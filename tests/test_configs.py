"""Every config trains one step and evaluates once, at tiny widths on generated scenes."""

import re

import pytest
from mmengine.runner import Runner

from pir_mm.apis.configuration import load_config
from tests.conftest import ROOT

CONFIGS = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)
TINY_BACKBONES = {
    'mmpretrain.SwinTransformer': dict(
        arch=dict(embed_dims=24, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8])
    ),
    'mmpretrain.ResNet': dict(stem_channels=4, base_channels=4),
    'mmpretrain.ConvNeXt': dict(arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 16, 32])),
}
WIDTH = 16


def shrink(config, scenes, work_dir):
    """The same run with every width cut, random weights and few pictures."""
    model = config.model
    for name in ('image_encoder', 'instruction_encoder'):
        if model.get(name):
            model[name].backbone.update(TINY_BACKBONES[model[name].backbone.type])
            model[name].init = 'random'
    model.text_encoder.update(
        hidden_size=WIDTH, layers=1, heads=2, intermediate_size=WIDTH, init='random'
    )
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
        loader.dataset.update(data_root=f'{scenes}/', indices=8)
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler = None
    config.work_dir = str(work_dir)
    config.experiment_name = work_dir.name
    config.log_level = 'ERROR'
    return config


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_trains_and_evaluates(path, scenes, tmp_path):
    runner = Runner.from_cfg(shrink(load_config(path), scenes, tmp_path / path.stem))
    runner.train()
    metrics = runner.test()
    assert 0 <= metrics['mR'] <= 100
    assert list((tmp_path / path.stem).glob('best_mR_*.pth'))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_tells_the_command_that_runs_it(path):
    commands = re.findall(r'mim train pir_mm (configs/\S+)', path.read_text())
    assert commands == [str(path.relative_to(ROOT))]
