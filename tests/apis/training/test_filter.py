"""A filter is trained by its config, and serves the cascade of its teacher."""

import pytest
import torch

from pir_mm.apis import index_pictures, load_index_model, search_index
from pir_mm.apis.training import best_checkpoint, load_config, running, train
from pir_mm.apis.weights import load_retriever
from pir_mm.engine.loops.own_filter import OwnFilter
from tests.cascade_files import config_text, fusion_files, taught_model

SAVE = dict(checkpoint=dict(type='pir_mm.SafeCheckpointHook', save_best='mR', rule='greater'))


TOWER = dict(type='pir_mm.FeatureTower', width=32, hidden=16, dim=8)
DUAL = dict(
    type='pir_mm.DistilledDualEncoder',
    image_tower=TOWER,
    text_tower=TOWER,
    head=dict(
        type='pir_mm.RetrievalHead', losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss'))
    ),
)


def dual_model(scenes, teacher):
    model = taught_model(scenes, teacher, **DUAL)
    del model['classifier']
    return model


@pytest.fixture
def teacher(scenes, tmp_path):
    return fusion_files(tmp_path / 'teacher', scenes)


def trained(model, scenes, folder, **settings):
    """Files of a filter after an epoch."""
    folder.mkdir(exist_ok=True)
    config = folder / 'filter.py'
    config.write_text(config_text(scenes, model, 32, default_hooks=SAVE, **settings))
    config = load_config(config, work_dir=str(folder / 'run'))
    config.experiment_name = f'{folder.parent.name}_{folder.name}'
    runner = train(config)
    checkpoint = best_checkpoint(folder / 'run')
    return runner, dict(config=str(folder / 'filter.py'), checkpoint=str(checkpoint))


def evaluate(files, filter, folder, k=3):
    options = [
        f'test_cfg.cascade.k={k}',
        f"test_cfg.cascade.filter.config='{filter['config']}'",
        f"test_cfg.cascade.filter.checkpoint='{filter['checkpoint']}'",
    ]
    config = load_config(files.config, options, work_dir=str(folder))
    config.experiment_name = f'{folder.parent.name}_{folder.name}'
    return running.test(config, str(files.checkpoint))


@pytest.mark.parametrize('kind', [taught_model, dual_model])
def test_trains_is_small_and_is_the_own_filter_of_its_teacher(
    teacher, scenes, tmp_path, monkeypatch, kind
):
    runner, files = trained(kind(scenes, teacher), scenes, tmp_path / 'filter')
    logged = runner.message_hub.log_scalars
    assert logged['train/loss_soft'].current() > 0 and logged['train/loss_hard'].current() > 0
    weights = torch.load(files['checkpoint'], weights_only=True)['state_dict']
    assert not [name for name in weights if 'encoder' in name]
    model = load_retriever(files['config'], files['checkpoint'])
    assert model.teacher.encoders_digest() == runner.model.teacher.encoders_digest()

    used = []
    samples = OwnFilter.samples
    monkeypatch.setattr(
        OwnFilter, 'samples', lambda self, given: used.append(len(given)) or samples(self, given)
    )
    found = evaluate(teacher, files, tmp_path / 'own')
    assert sum(used) > 0
    monkeypatch.setattr(OwnFilter, 'of', lambda files, fusion: None)
    apart = evaluate(teacher, files, tmp_path / 'apart')
    recalls = [key for key in found if '/R@' in key or 'mR' in key]
    assert {key: apart[key] for key in recalls} == pytest.approx({k: found[k] for k in recalls})


def test_the_filter_of_another_model_is_an_ordinary_one(teacher, scenes, tmp_path, monkeypatch):
    _, files = trained(taught_model(scenes, teacher), scenes, tmp_path / 'filter')
    other = fusion_files(tmp_path / 'other', scenes, name='b')
    weights = torch.load(other.checkpoint, weights_only=True)
    for value in weights['state_dict'].values():
        value += 0.01
    torch.save(weights, other.checkpoint)
    monkeypatch.setattr(OwnFilter, 'samples', lambda self, given: pytest.fail('not its own'))
    assert 'filter/mR' in evaluate(other, files, tmp_path / 'run')


def test_features_that_are_computed_once_train_the_same_filter(teacher, scenes, tmp_path):
    """The encoders are frozen, so both can be read from files."""
    frozen = taught_model(scenes, teacher)
    for part in ('image_encoder', 'text_encoder'):
        frozen['teacher'][part] = {**frozen['teacher'][part], 'frozen': True}
    hook = dict(features=dict(type='pir_mm.FeatureCacheHook', folder=str(tmp_path / 'features')))
    losses = []
    for name, hooks in (('plain', {}), ('cached', hook)):
        hooks = SAVE | hooks
        folder = tmp_path / name
        folder.mkdir()
        config = folder / 'filter.py'
        config.write_text(config_text(scenes, frozen, 32, default_hooks=hooks))
        config = load_config(config, work_dir=str(folder / 'run'))
        config.experiment_name = f'{tmp_path.name}_{name}'
        logged = train(config).message_hub.log_scalars
        losses.append(logged['train/loss'].mean())
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert (tmp_path / 'features' / 'train' / 'text_encoder').is_dir()


def test_an_index_is_served_by_the_dual_encoder_and_by_no_perceptron(teacher, scenes, tmp_path):
    pictures = sorted((scenes / 'images').iterdir())[:6]
    _, files = trained(dual_model(scenes, teacher), scenes, tmp_path / 'dual')
    model = load_retriever(files['config'], files['checkpoint'])
    card = index_pictures(pictures, model, tmp_path / 'index', files['checkpoint'])
    assert card.indexed == 6
    again = load_index_model(tmp_path / 'index')
    best = search_index(tmp_path / 'index', again, image=pictures[4], top_k=2)
    assert best.ids[0, 0] == 4 and best.scores[0, 0] == pytest.approx(1, abs=1e-5)
    _, files = trained(taught_model(scenes, teacher), scenes, tmp_path / 'filter')
    perceptron = load_retriever(files['config'], files['checkpoint'])
    with pytest.raises(ValueError, match='RetrievalFilter has no embeddings, which an index holds'):
        index_pictures(pictures, perceptron, tmp_path / 'other')


def test_a_prepared_folder_takes_the_place_of_the_data(teacher, scenes, tmp_path):
    path = tmp_path / 'filter.py'
    path.write_text(config_text(scenes, taught_model(scenes, teacher), 32))
    config = load_config(path, data=scenes)
    assert config.model.tokenizer.vocab == str(scenes / 'vocab.txt')
    pieces = len((scenes / 'vocab.txt').read_text().splitlines())
    assert config.model.teacher.text_encoder.vocab_size == pieces
