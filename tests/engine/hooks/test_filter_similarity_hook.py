"""A dual encoder tells a training batch which of its pairs are alike."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import DATASETS, HOOKS
from torch.testing import assert_close
from torch.utils.data import DataLoader, default_collate

from pir_mm.apis.search import embed_images, embed_texts
from pir_mm.apis.training import load_config
from pir_mm.apis.training.running import build_runner
from pir_mm.apis.weights import load_retriever
from pir_mm.datasets.collating import collate_pairs
from pir_mm.models.losses import MatchingLoss
from tests.cascade_files import filter_files, fusion_files, named


def build(files, **changes):
    return HOOKS.build({'type': 'pir_mm.FilterSimilarityHook', 'filter': named(files), **changes})


@pytest.fixture
def files(scenes, tmp_path):
    return filter_files(tmp_path, scenes)


@pytest.fixture
def config(scenes, tmp_path):
    return load_config(fusion_files(tmp_path, scenes).config, work_dir=str(tmp_path / 'run'))


@pytest.mark.parametrize('sampling', ['image', 'caption'])
def test_each_batch_has_what_the_dual_encoder_says_of_it(files, config, sampling):
    config.train_dataloader.dataset.sampling = sampling
    dataset = DATASETS.build(config.train_dataloader.dataset)
    tokenizer = load_retriever(files.config, files.checkpoint).tokenizer
    loader = DataLoader(
        dataset, 5, shuffle=True, collate_fn=partial(collate_pairs, tokenizer=tokenizer)
    )
    build(files, temperature=0.5).before_train(SimpleNamespace(train_dataloader=loader))

    other = load_retriever(files.config, files.checkpoint)
    names = {}
    for index in range(len(dataset)):
        item = dataset.get_data_info(index)
        names |= {('image', item['image_id']): item['img_path']}
        names |= {('text', n): t for n, t in zip(item['text_id'], item['text'], strict=True)}
    pairs = 0
    for batch in loader:
        pictures = [names['image', number] for number in batch.image_id.tolist()]
        texts = [names['text', number] for number in batch.text_id.tolist()]
        wanted = embed_images(other, pictures) @ embed_texts(other, texts).T / 0.5
        assert_close(batch.similarity, torch.from_numpy(wanted), atol=1e-4, rtol=0)
        assert batch.similarity.std() > 1e-3
        pairs += batch.similarity.numel()
    assert pairs > 100


def test_a_training_draws_by_it_and_scores_no_pair_itself(files, config, monkeypatch):
    seen = []
    forward = MatchingLoss.forward

    def watched(self, step):
        seen.append(torch.equal(step.similarity, step.batch.similarity.float()))
        return forward(self, step)

    monkeypatch.setattr(MatchingLoss, 'forward', watched)
    config.model.losses.itm.negatives = 'hard'
    config.default_hooks.similarity = dict(type='pir_mm.FilterSimilarityHook', filter=named(files))
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.experiment_name = 'hard'
    build_runner(config).train()
    assert len(seen) > 2 and all(seen)


def test_says_what_is_wrong(files, config, scenes, tmp_path):
    def refused(hook, dataset, collate, words):
        loader = SimpleNamespace(dataset=dataset, num_workers=0, collate_fn=collate)
        with pytest.raises(ValueError, match=words):
            hook.before_train(SimpleNamespace(train_dataloader=loader))

    dataset = DATASETS.build(config.train_dataloader.dataset)
    refused(build(files), dataset, default_collate, 'for loaders with pir_mm.collate_pairs')
    refused(build(files), [1], collate_pairs, 'CaptionDataset without indices, not this list')
    fusion = build(fusion_files(tmp_path, scenes))
    refused(fusion, dataset, collate_pairs, 'filter is a FusionRetriever: wanted a dual encoder')
    few = DATASETS.build({**config.train_dataloader.dataset, 'indices': 3})
    refused(build(files), few, collate_pairs, 'CaptionDataset without indices, not this Capt')
    with pytest.raises(ValueError, match='temperature must be above 0, got 0'):
        build(files, temperature=0)
    missing = SimpleNamespace(config='no.py', checkpoint='no.pth')
    with pytest.raises(FileNotFoundError, match='Hook.filter: no.py does not exist'):
        loader = SimpleNamespace(dataset=dataset, num_workers=0, collate_fn=collate_pairs)
        build(missing).before_train(SimpleNamespace(train_dataloader=loader))
