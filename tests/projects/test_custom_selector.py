"""A selector and a backbone from a project folder, in training, testing and search."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch.testing import assert_close

from pir_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / 'projects' / 'custom_selector'
CONFIG = PROJECT / 'pir_itr_convnext_spread_scenes.py'

# the second token is the twin of the first
TOKENS = torch.tensor([[[4.0, 0.0], [3.9, 0.0], [2.0, 2.0], [0.0, 1.0], [-1.0, 0.0]]])
EAST = torch.tensor([[1.0, 0.0]])


@pytest.fixture(scope='module')
def config():
    return Config.fromfile(CONFIG)


@pytest.fixture
def build(config):
    def build(keep, spread, kind='pir_mm.SpreadSelector'):
        options = {} if kind == 'pir_mm.BeliefSelector' else {'spread': spread}
        return MODELS.build(dict(type=kind, keep=keep, **options))

    return build


def by_loop(tokens, instruction, keep, spread):
    """The rule, one picture and one token at a time."""
    kept = []
    for picture, prior in zip(tokens, instruction, strict=True):
        score = [float(token @ prior) for token in picture]
        worth = [(s - min(score)) / (max(score) - min(score)) for s in score]
        chosen = [max(range(len(worth)), key=worth.__getitem__)]
        while len(chosen) < keep:
            gain = {
                i: worth[i]
                - spread
                * max(float(torch.cosine_similarity(token, picture[j], dim=0)) for j in chosen)
                for i, token in enumerate(picture)
                if i not in chosen
            }
            chosen.append(max(gain, key=gain.get))
        kept.append(picture[chosen])
    return torch.stack(kept)


def test_passes_over_the_twin_of_what_it_has(build):
    assert_close(build(3, 0.0)(TOKENS, EAST), TOKENS[:, [0, 1, 2]])
    # worth 1, .98, .6, .2, 0; less the cosine to the first 1, 1, .71, 0, -1
    assert_close(build(3, 0.9)(TOKENS, EAST), TOKENS[:, [0, 4, 3]])


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('keep', [1, 4, 9])
@pytest.mark.parametrize('spread', [0.0, 0.5, 2.0])
def test_agrees_with_the_loop(build, batch, keep, spread):
    random = torch.Generator().manual_seed(0)
    tokens = torch.randn(batch, 9, 4, generator=random)
    prior = torch.randn(batch, 4, generator=random)
    assert_close(build(keep, spread)(tokens, prior), by_loop(tokens, prior, keep, spread))
    if spread == 0:
        believed = build(keep, spread, 'pir_mm.BeliefSelector')(tokens, prior)
        assert_close(build(keep, spread)(tokens, prior), believed)


def test_among_equal_beliefs_the_least_alike_are_kept(build):
    assert_close(build(2, 0.5)(TOKENS, torch.zeros(1, 2)), TOKENS[:, [0, 4]])


def test_trains_the_kept_tokens_only(build):
    tokens = TOKENS.clone().requires_grad_()
    build(2, 0.9)(tokens, EAST).sum().backward()
    assert tokens.grad[0, :, 0].tolist() == [1.0, 0.0, 0.0, 0.0, 1.0]


def test_says_which_number_is_wrong(build):
    with pytest.raises(ValueError, match='keep=6 asked of 5 tokens: lower `keep`'):
        build(6, 0.5)(TOKENS, EAST)
    with pytest.raises(ValueError, match='spread of 0 or more, got 2 and -1'):
        build(2, -1)


def test_the_config_is_convnext_tiny_with_the_new_selector(config):
    model = config.model
    assert (model.image_encoder.backbone.type, model.image_encoder.backbone.arch) == (
        'mmpretrain.ConvNeXt',
        'tiny',
    )
    assert model.selector == dict(type='pir_mm.SpreadSelector', keep=6, spread=0.5)
    built = MODELS.build(model)
    assert built.image_encoder.projection.in_features == 768
    assert built.image_encoder(torch.rand(1, 3, 96, 96))[1].shape == (1, 9, 256)
    assert 'spread=0.5' in str(built.selector)


@pytest.mark.slow
def test_the_readmes_commands_run(scenes, tmp_path):
    """As written, in a copy of the checkout's folders, but for one worker and the data at hand."""
    for name in ('configs', 'projects', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'scenes').symlink_to(scenes)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')])
    environment = {**os.environ, 'PATH': path, 'PYTHONPATH': '.', 'OMP_NUM_THREADS': '1'}
    blocks = re.findall(r'```\n(.*?)```', (PROJECT / 'README.md').read_text(), flags=re.DOTALL)
    assert len(blocks) == 3
    small = ' train_dataloader.num_workers=0 val_dataloader.num_workers=0\n'
    script = 'set -e\n' + blocks[1].rstrip() + small + blocks[2]
    ended = subprocess.run(
        ['bash', '-c', script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    hits = ended.stdout[ended.stdout.index('white planes beside a terminal\n') :].splitlines()
    assert len(hits) == 7
