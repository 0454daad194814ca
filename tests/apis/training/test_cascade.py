"""Two trained models evaluated as a cascade by their files."""

import json

import pytest
import torch
from mmengine.registry import DATASETS

from pir_mm.apis.search import embed_images, embed_texts
from pir_mm.apis.training import load_config, running
from pir_mm.apis.weights import load_retriever
from pir_mm.engine import kept_states
from pir_mm.functional.recall import retrieval_recall
from tests.cascade_files import filter_files, fusion_files, named


@pytest.fixture
def files(scenes, tmp_path):
    """A filter and a fusion model that names it in its cascade."""
    filter = filter_files(tmp_path, scenes)
    cascade = dict(cascade=dict(k=3, filter=named(filter)))
    return filter, fusion_files(tmp_path, scenes, val_cfg=cascade, test_cfg=cascade)


def run(files, tmp_path, options=(), **settings):
    config = load_config(files.config, list(options), work_dir=str(tmp_path / 'run'))
    config.experiment_name = f'{tmp_path.name}_{len(list(tmp_path.rglob("*")))}'
    return running.test(config, str(files.checkpoint), **settings)


@pytest.fixture
def split(files):
    """The dataset of the fusion model's test, and the truth."""
    dataset = DATASETS.build(load_config(files[1].config).test_dataloader.dataset)
    items = [dataset.get_data_info(row) for row in range(len(dataset))]
    owner = torch.tensor([row for row, item in enumerate(items) for _ in item['captions']])
    return dataset, items, owner


@pytest.fixture
def exact(monkeypatch):
    monkeypatch.setattr(kept_states, 'multiplies_bf16', lambda device: False)


def every_score(model, dataset):
    """Scores ``(N, M)`` of all images and captions, each pair by itself."""
    captions = [c for row in range(len(dataset)) for c in dataset.get_data_info(row)['captions']]
    images = torch.stack([dataset[row]['inputs'] for row in range(len(dataset))])
    images = model.data_preprocessor({'inputs': images})['images']
    with torch.no_grad():
        states = model.encode_image_tokens(images).bfloat16().float()
        texts = [model.encode_text_tokens(*model.tokenize([caption])) for caption in captions]
        texts = [text._replace(tokens=text.tokens.bfloat16().float()) for text in texts]
        zero, every = torch.zeros(len(states)).long(), torch.arange(len(states))
        return torch.stack([model.match(states, text, every, zero) for text in texts], dim=1)


def test_reading_every_pair_is_the_ranking_of_all_scores(files, split, exact, tmp_path):
    model = load_retriever(files[1].config, files[1].checkpoint)
    wanted = retrieval_recall(every_score(model, split[0]), split[2])
    found = run(files[1], tmp_path, ["test_cfg.cascade.k='all'", 'test_cfg.cascade.filter=None'])
    assert {key: found[key] for key in wanted} == pytest.approx(wanted)
    with_filter = run(files[1], tmp_path, ['test_cfg.cascade.k=9999'])
    assert {key: with_filter[key] for key in wanted} == pytest.approx(wanted)


def test_each_stage_prepares_pictures_and_words_in_its_own_way(files, split, tmp_path):
    dataset, items, owner = split
    model = load_retriever(files[0].config, files[0].checkpoint)
    captions = [caption for item in items for caption in item['captions']]
    image = embed_images(model, [item['img_path'] for item in items])
    wanted = retrieval_recall(image @ embed_texts(model, captions).T, owner)
    found = run(files[1], tmp_path)
    assert {key: found[f'filter/{key}'] for key in wanted} == pytest.approx(wanted)
    assert (tmp_path / 'run' / 'metrics.json').is_file()


def test_the_other_way_round_it_is_the_same_cascade(files, scenes, tmp_path):
    found = run(files[1], tmp_path)
    other = f"test_cfg.cascade.reranker.config='{files[1].config}'"
    weights = f"test_cfg.cascade.reranker.checkpoint='{files[1].checkpoint}'"
    turned = run(files[0], tmp_path, ['test_cfg.cascade.k=3', other, weights])
    recalls = [key for key in found if '/R@' in key or 'mR' in key]
    assert {key: turned[key] for key in recalls} == pytest.approx({k: found[k] for k in recalls})


def test_a_k_is_chosen_on_validation(files, tmp_path):
    options = ["val_cfg.cascade.k=[1,2,'all']"]
    found = run(files[1], tmp_path, options, split='val')
    assert found['sufficient_k'] >= 1 and {'k1/mR', 'k2/mR', 'mR'} <= set(found)
    assert json.loads((tmp_path / 'run' / 'metrics_val.json').read_text()) == found
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_a_public_filter_is_fetched_by_its_name(files, monkeypatch, tmp_path):
    monkeypatch.setattr(
        'pir_mm.apis.weights.loading.retriever_files',
        lambda name: (files[0].config, files[0].checkpoint) if name == 'clip' else (name, None),
    )
    found = run(files[1], tmp_path)
    by_name = run(files[1], tmp_path, ["test_cfg.cascade.filter='clip'"])
    assert by_name['filter/mR'] == found['filter/mR'] and by_name['mR'] == found['mR']
    with pytest.raises(ValueError, match="test_cfg.cascade.filter='x.py' is no public retriever"):
        run(files[1], tmp_path, ["test_cfg.cascade.filter='x.py'"])


def test_without_a_checkpoint_the_weights_that_a_training_starts_from_are_tested(scenes, tmp_path):
    files = filter_files(tmp_path, scenes)
    options = [f"model.init='{files.checkpoint}'"]
    config = load_config(files.config, options, work_dir=str(tmp_path / 'start'))
    config.experiment_name = 'start'
    start = running.test(config, None)
    config = load_config(files.config, work_dir=str(tmp_path / 'end'))
    config.experiment_name = 'end'
    assert start == running.test(config, str(files.checkpoint))


def test_says_what_is_missing(files, tmp_path):
    with pytest.raises(FileNotFoundError, match='cascade.filter: no.pth does not exist'):
        run(files[1], tmp_path, ["test_cfg.cascade.filter.checkpoint='no.pth'"])
    with pytest.raises(ValueError, match=r'cascade.filter must be dict\(config=..., checkpoint'):
        run(files[1], tmp_path, ['test_cfg.cascade.filter=[1]'])
    with pytest.raises(ValueError, match='FusionRetriever scores pairs and ranks what a filter'):
        run(files[1], tmp_path, ['test_cfg.cascade=None'])
    with pytest.raises(ValueError, match='the config has no val_dataloader'):
        run(files[1], tmp_path, ['val_dataloader=None', 'val_cfg=None'], split='val')
