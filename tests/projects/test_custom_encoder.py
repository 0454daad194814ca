"""The smallest extension: it stays small, and it works."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from pir_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / 'projects' / 'custom_encoder'
CONFIG = PROJECT / 'pir_itr_patches_scenes.py'


@pytest.fixture(scope='module')
def config():
    return Config.fromfile(CONFIG)


def test_it_fits_on_a_page():
    files = [path for path in PROJECT.rglob('*') if path.is_file() and path.suffix != '.pyc']
    assert len(files) <= 4
    assert sum(len(path.read_text().splitlines()) for path in files) <= 60


def test_its_tokens_are_the_patches(config):
    model = MODELS.build(config.model)
    pooled, tokens = model.image_encoder(torch.rand(1, 3, 96, 96))
    assert pooled.shape == (1, 256)
    assert tokens.shape == (1, 36, 256)
    cells = torch.zeros(1, 3, 96, 96)
    cells[..., 16:32, :16] = 1  # the second row's first patch: token 6
    base, other = (model.image_encoder(x)[1] for x in (torch.zeros_like(cells), cells))
    changed = (base - other).abs().sum(dim=-1)[0] > 0
    assert changed.nonzero().flatten().tolist() == [6]


def test_the_backbone_learns_from_an_embedding(config):
    model = MODELS.build(config.model)
    embedding = model.encode_image(torch.rand(2, 3, 96, 96))
    torch.testing.assert_close(embedding.norm(dim=-1), torch.ones(2))
    embedding[:, 0].sum().backward()
    assert all(p.grad is not None for p in model.image_encoder.backbone.parameters())


def test_the_readmes_command_builds_it(tmp_path):
    """Outside of pytest nothing but `PYTHONPATH=.` leads to the project's module."""
    code = f'from pir_mm.apis.weights.loading import load_retriever as load; load({str(CONFIG)!r})'
    environment = {'PYTHONPATH': '.', 'PATH': '', 'HOME': str(tmp_path), 'OMP_NUM_THREADS': '1'}
    ended = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
