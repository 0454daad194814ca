"""Another model family in two files: it trains, is evaluated, loaded and searched with."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch.testing import assert_close

from pir_mm.apis import embed_images, embed_texts, load_retriever
from pir_mm.apis.training.configuration import load_config
from pir_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / 'projects' / 'custom_dual_encoder'
CONFIG = PROJECT / 'average_scenes.py'


def test_it_is_two_files_and_a_readme():
    names = {path.name for path in PROJECT.iterdir() if path.name != '__pycache__'}
    assert names == {'README.md', 'average_encoder.py', 'average_scenes.py'}


@pytest.fixture(scope='module')
def model():
    config = Config.fromfile(CONFIG).model
    config.update(channels=32, vocab_size=50, dim=8)
    config.backbone.update(stem_channels=4, base_channels=4)
    return MODELS.build(config).eval()


def test_embeddings_are_unit_and_do_not_depend_on_padding(model):
    ids = torch.tensor([[2, 7, 3, 0], [2, 9, 8, 3]])
    text = model.encode_text(ids, ids != 0)
    assert_close(text.norm(dim=-1), torch.ones(2))
    assert_close(model.encode_text(ids[:1, :3], ids[:1, :3] != 0), text[:1])
    assert model.encode_text(ids[:0], ids[:0] != 0).shape == (0, 8)
    image = model.encode_image(torch.rand(1, 3, 64, 64))
    assert_close(image.norm(dim=-1), torch.ones(1))


def test_trains_and_searches(scenes, tmp_path):
    config = load_config(CONFIG, work_dir=str(tmp_path))
    config.model.update(channels=64, dim=8)
    config.model.backbone.update(stem_channels=8, base_channels=8)
    config.model.tokenizer.vocab = str(scenes / 'vocab.txt')
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=8, num_workers=0, persistent_workers=False)
        loader.dataset.update(data_root=f'{scenes}/', indices=16)
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler, config.log_level = None, 'ERROR'
    config.experiment_name = tmp_path.name
    Runner.from_cfg(config).train()
    config.dump(tmp_path / 'flat.py')
    (best,) = tmp_path.glob('best_mR_*.pth')
    trained = load_retriever(tmp_path / 'flat.py', best)
    pictures = sorted((scenes / 'images').iterdir())[:2]
    scores = embed_texts(trained, ['a red bridge']) @ embed_images(trained, pictures).T
    assert scores.shape == (1, 2) and abs(scores).max() <= 1
