"""model-index.yml: what `mim search` and mmpretrain's list of models read."""

from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[2]
METAFILES = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
LOADED = [yaml.safe_load((ROOT / name).read_text()) for name in METAFILES]
MODELS = [model for metafile in LOADED for model in metafile['Models']]


def test_every_metafile_is_imported():
    found = {p.relative_to(ROOT).as_posix() for p in (ROOT / 'configs').rglob('metafile.yml')}
    assert set(METAFILES) == found


def test_every_config_that_can_be_run_is_a_model():
    configs = {p.relative_to(ROOT).as_posix() for p in (ROOT / 'configs').rglob('*.py')}
    runnable = {name for name in configs if '/_base_/' not in name}
    assert {model['Config'] for model in MODELS} == runnable


@pytest.mark.parametrize('metafile', LOADED, ids=METAFILES)
def test_collections_are_whole(metafile):
    names = {collection['Name'] for collection in metafile['Collections']}
    assert {model['In Collection'] for model in metafile['Models']} == names
    for collection in metafile['Collections']:
        assert (ROOT / collection['README']).is_file()
        assert isinstance(collection.get('Paper', ''), str)  # of a dict mim prints the keys


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_a_model_is_named_as_its_config_and_says_what_that_says(model):
    assert model['Name'] == Path(model['Config']).stem == model['Name'].lower()
    metadata = model['Metadata']
    config = Config.fromfile(ROOT / model['Config'], lazy_import=False)
    assert metadata.get('Epochs', config.train_cfg.max_epochs) == config.train_cfg.max_epochs
    data = metadata['Training Data'].lower()
    assert all(name in data for name in names_of(config.train_dataloader.dataset))
    tested = config.test_dataloader.dataset
    for result in model['Results']:
        assert result['Dataset'].lower() in (data, Path(tested.data_root).name)


def names_of(dataset):
    """Names of the folders that a dataset reads."""
    if 'datasets' in dataset:
        return [name for part in dataset.datasets for name in names_of(part)]
    if 'shards' in dataset:
        shards = dataset.shards
        return [Path(place).name for place in ([shards] if isinstance(shards, str) else shards)]
    return [Path(dataset.data_root).name]


def test_tasks_choose_mmpretrains_inferencers():
    """mmpretrain finds the inferencer by these very words."""
    tasks = {'Text-To-Image Retrieval', 'Image-To-Text Retrieval'}
    for model in MODELS:
        assert {result['Task'] for result in model['Results']} in (tasks, {'Image Classification'})
