"""A checkpoint is loaded whole or refused."""

import logging
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger, print_log
from torch import nn

from pir_mm.engine import load_weights, prefer_vocabulary_beside
from pir_mm.engine.checkpoint_loading import trained_model


def test_loads_every_tensor_and_drops_the_prefix_of_ddp(tmp_path):
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    state = {f'module.{name}': value for name, value in source.state_dict().items()}
    torch.save({'state_dict': state, 'meta': {}}, tmp_path / 'a.pth')
    load_weights(target, tmp_path / 'a.pth')
    torch.testing.assert_close(target.weight, source.weight)
    torch.testing.assert_close(target.bias, source.bias)


@pytest.mark.parametrize(
    ('other', 'counts'),
    [
        (nn.Linear(3, 2, bias=False), '1 of its 2 tensors'),
        (nn.Linear(4, 2), '1 of its 2 tensors'),
        (nn.Sequential(nn.Linear(3, 2)), '0 of its 2 tensors'),
    ],
)
def test_refuses_the_weights_of_another_model_whole(tmp_path, other, counts):
    torch.save(other.state_dict(), tmp_path / 'a.pth')
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    with pytest.raises(ValueError, match=counts):
        load_weights(model, tmp_path / 'a.pth')
    torch.testing.assert_close(model.weight, before)


def test_a_vocabulary_beside_the_checkpoint_comes_first(tmp_path):
    for name in ('run/vocab.txt', 'config/vocab.txt', 'data/vocab.txt'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    files = (tmp_path / 'run' / 'best.pth', tmp_path / 'config' / 'a.py')

    def vocabulary(given=tmp_path / 'data' / 'vocab.txt'):
        config = Config({'model': {'tokenizer': {'vocab': str(given)}}})
        prefer_vocabulary_beside(config, *files)
        return Path(config.model.tokenizer.vocab).parent.name

    assert vocabulary() == 'run'
    (tmp_path / 'run' / 'vocab.txt').unlink()
    assert vocabulary() == 'data'
    (tmp_path / 'data' / 'vocab.txt').unlink()
    assert vocabulary() == 'config'
    (tmp_path / 'config' / 'vocab.txt').unlink()
    assert vocabulary('nowhere/vocab.txt') == 'nowhere'
    config = Config({'model': {}})
    prefer_vocabulary_beside(config, None, None)
    assert config.model == {}


def test_the_layers_of_a_backbone_are_no_news(monkeypatch):
    backbone = dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0')
    config = Config(dict(model=dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=4)))
    logger, told = MMLogger.get_current_instance(), []
    monkeypatch.setattr(logger, 'callHandlers', lambda record: told.append(record.getMessage()))
    logger.setLevel(logging.INFO)
    trained_model(config, None)
    assert told == []
    print_log('afterwards', 'current')
    assert told == ['afterwards']
