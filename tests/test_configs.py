"""Every config trains one step and evaluates once, at tiny widths on generated scenes.

Many configs are the same run once they are shrunk: rows of a table that differ in the file of
their first weights, a depth, the data. Equal configs give equal runs, since a run reads nothing
but its config and the scenes. So each distinct shrunk config runs once, and the others take its
result. Equal means equal as text, where 2, 2.0 and True differ, so a misspelt key or a value of a
wrong type makes a config distinct, and it runs. Two more things are left out of a run when another
one has shown them: the hooks that save and draw, which see the model through its weights and
embeddings alone, run once for each distinct config without its model and its optimiser.

What shrinking overwrites is held apart from the runs: each distinct part of a model is built once
at its full size, and each distinct schedule at its full length.
"""

import copy
import functools
import re
from pprint import pformat

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.runner import Runner

from pir_mm.apis.data.sharding import make_shards
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.weights.catalogue import CATALOGUE
from pir_mm.apis.weights.loading import PUBLIC
from pir_mm.registry import MODELS
from tests.cascade_files import filter_files, named
from tests.conftest import ROOT

CONFIGS = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)
CLASSIFIERS = [path for path in CONFIGS if path.parent.name == 'scene']
RETRIEVERS = [path for path in CONFIGS if path not in CLASSIFIERS]
MTGFE = [path for path in RETRIEVERS if path.parent.name == 'mtgfe']
FILTERS = [path for path in MTGFE if 'filter' in path.stem]
OF_PAIRS = [path for path in MTGFE if path not in FILTERS]
DUAL_ENCODERS = [path for path in RETRIEVERS if path not in MTGFE]
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
    # its widths are fixed too; what takes time is its size in pixels
    'mmpretrain.TIMMBackbone': dict(model_name='tf_efficientnet_lite0'),
    'pir_mm.clip_resnet': dict(layers=(1, 1, 1, 1), width=4, dim=16, heads=2),
}
TINY_TEXT = {
    'pir_mm.BertEncoder': dict(
        hidden_size=16, layers=1, heads=2, intermediate_size=16, init='random'
    ),
    'pir_mm.GRUEncoder': dict(word_size=16, hidden_size=16),
}
TINY_CLIP = dict(
    embed_dim=16,
    vision_cfg=dict(image_size=224, patch_size=32, width=16, layers=1, head_width=8),
    text_cfg=dict(context_length=77, vocab_size=49408, width=16, heads=2, layers=1),
)
WIDTH = 16
PARTS = (
    'image_encoder',
    'text_encoder',
    'instruction_encoder',
    'selector',
    'spatial_pae',
    'temporal_pae',
    'embedding',
    'head',
    'fusion_encoder',
)
SPLITS = ('train', 'val', 'test')


@functools.cache
def read(path):
    return load_config(path)


def shrink(config, scenes):
    """The same run with every width cut, random weights, few pictures and one epoch."""
    model = config.model
    if model.type == 'pir_mm.CLIPRetriever':
        return shrink_clip(config, scenes)
    full_width = model.image_encoder.dim
    for name in ('image_encoder', 'instruction_encoder'):
        if model.get(name):
            model[name].backbone.update(TINY_BACKBONES[model[name].backbone.type])
            model[name].init = 'random'
    model.text_encoder.update(TINY_TEXT[model.text_encoder.type])
    for part in PARTS:
        if 'dim' in (model.get(part) or {}):
            # a part of another width than the image encoder keeps another width, and fails
            model[part].dim = model[part].dim * WIDTH // full_width
    for part in ('spatial_pae', 'temporal_pae'):
        if model.get(part):
            model[part].heads = 2
    model.tokenizer.vocab = str(scenes / 'vocab.txt')
    if 'init' in model:
        model.init = 'random'
    if 'features' in config.default_hooks:
        config.default_hooks.features.folder = None  # set when it runs
    for split in SPLITS:
        loader = config[f'{split}_dataloader']
        shrink_loader(loader)
        place = (
            dict(shards=str(scenes.parent / 'shards'))
            if 'shards' in loader.dataset
            else dict(data_root=f'{scenes}/')
        )
        loader.dataset.update(indices=4, **place)
    return one_epoch(config)


def shrink_clip(config, scenes):
    model = config.model
    model.init, model.arch = 'random', TINY_CLIP
    if model.get('instruction_encoder'):
        model.instruction_encoder.backbone.update(TINY_BACKBONES['pir_mm.clip_resnet'])
        model.instruction_encoder.update(dim=WIDTH, init='random')
    for split in SPLITS:
        loader = config[f'{split}_dataloader']
        shrink_loader(loader)
        if 'samples_per_epoch' in loader.sampler:
            loader.sampler.samples_per_epoch = 4
        for dataset in loader.dataset.get('datasets', [loader.dataset]):
            dataset.pop('leave_out', None)
            dataset.indices = 4
            if 'shards' in dataset:
                dataset.shards = str(scenes.parent / 'shards')
            else:
                dataset.data_root = f'{scenes}/'
    return one_epoch(config)


def shrink_pairs(config, scenes):
    shrink_fusion(config.model)
    shrink_own(config, scenes)
    config.load_from = None
    for loop in ('val_cfg', 'test_cfg'):
        if config[loop]:  # without the files of a filter
            config[loop].cascade = dict(k='all')
    return config


def shrink_filter(config, scenes):
    model = config.model
    widths = shrink_fusion(model.teacher)
    model.init = 'random'
    if 'classifier' in model:
        model.classifier.update(dict(zip(('image_dim', 'text_dim'), widths, strict=True)))
        model.classifier.hidden = (16, 8)
    else:
        for tower, width in zip((model.image_tower, model.text_tower), widths, strict=True):
            tower.update(width=width, hidden=16, dim=8)
    return shrink_own(config, scenes)


def shrink_fusion(model):
    """Cut a fusion model; the widths of its states of images and of texts."""
    backbone = model.image_encoder.backbone
    backbone.update(TINY_BACKBONES[backbone.type])
    image_dim = backbone.arch.embed_dims if model.image_encoder.dim is None else WIDTH
    if model.image_encoder.dim is not None:
        model.image_encoder.dim = WIDTH
    model.image_encoder.init = 'random'
    bert = TINY_TEXT['pir_mm.BertEncoder']
    model.text_encoder.update(bert, file_layers=2)
    model.fusion_encoder.update(bert, dim=WIDTH, image_dim=image_dim, first_layer=1)
    del model.fusion_encoder['hidden_size']
    for name in ('mlm', 'mvjrc'):
        if model.losses[name]:
            model.losses[name].dim = WIDTH
            model.losses[name].pop('init', None)
    return image_dim, WIDTH


def shrink_own(config, scenes):
    config.model.tokenizer.vocab = str(scenes / 'vocab.txt')
    if 'features' in config.default_hooks:
        config.default_hooks.features.folder = None  # set when it runs
    for split in SPLITS:
        if config[f'{split}_dataloader']:
            shrink_loader(config[f'{split}_dataloader'])
            config[f'{split}_dataloader'].dataset.update(data_root=f'{scenes}/', indices=4)
    return one_epoch(config)


def one_epoch(config):
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler = None
    return config


def shrink_loader(loader):
    loader.update(batch_size=4, num_workers=0, persistent_workers=False, pin_memory=False)


def text_of(values):
    """A text that is the same for equal values of equal types only: 2, 2.0 and True differ."""
    return pformat(values, width=10_000)


def run_once(config, work_dir):
    """Train one epoch, validate, test; the metrics."""
    config.work_dir = str(work_dir)
    config.experiment_name = work_dir.name
    config.log_level = 'ERROR'
    runner = Runner.from_cfg(config)
    runner.train()
    for group in runner.optim_wrapper.optimizer.param_groups:
        assert all(p.dim() > 1 for p in group['params']) or group['weight_decay'] == 0
    return runner.test()


@pytest.fixture(scope='module')
def runs():
    """What was run already: metrics by the text of a shrunk config, and texts of the rest of it."""
    return {'metrics': {}, 'rest': set()}


@pytest.fixture(scope='module')
def shards(scenes):
    """Shards beside the scenes."""
    make_shards(scenes, scenes.parent / 'shards')


@pytest.mark.parametrize('path', OF_PAIRS, ids=lambda path: path.stem)
def test_a_model_of_pairs_trains(path, scenes, tmp_path, runs):
    config = shrink_pairs(copy.deepcopy(read(path)), scenes)
    config.work_dir = None
    text = text_of(config.to_dict())
    if text in runs['rest']:
        return
    runs['rest'].add(text)
    if 'features' in config.default_hooks:
        config.default_hooks.features.folder = str(tmp_path / 'features')
    if 'similarity' in config.default_hooks:
        del config.train_dataloader.dataset.indices
        config.default_hooks.similarity.filter = named(filter_files(tmp_path / 'filter', scenes))
    config.merge_from_dict(
        {'work_dir': str(tmp_path), 'experiment_name': path.stem, 'log_level': 'ERROR'}
    )
    runner = Runner.from_cfg(config)
    runner.train()
    losses = {name for name, loss in config.model.losses.items() if loss is not None}
    logged = runner.message_hub.log_scalars
    assert {n for n in logged if 'loss_' in n} == {f'train/loss_{name}' for name in losses}
    assert all(torch.tensor(logged[f'train/loss_{name}'].current()).isfinite() for name in losses)
    assert (tmp_path / 'epoch_1.pth').is_file()
    assert 0 <= runner.test()['mR'] <= 100


@pytest.mark.parametrize('path', FILTERS, ids=lambda path: path.stem)
def test_a_filter_trains_and_evaluates(path, scenes, tmp_path):
    config = shrink_filter(copy.deepcopy(read(path)), scenes)
    if 'features' in config.default_hooks:
        config.default_hooks.features.folder = str(tmp_path / 'features')
    assert 0 <= run_once(config, tmp_path / path.stem)['mR'] <= 100
    (best,) = (tmp_path / path.stem).glob('best_mR_*.pth')
    weights = torch.load(best, weights_only=True)['state_dict']
    assert 'distilled_from' in weights and not [name for name in weights if 'encoder' in name]


@pytest.mark.parametrize('path', DUAL_ENCODERS, ids=lambda path: path.stem)
def test_trains_and_evaluates(path, scenes, shards, tmp_path, runs):
    if read(path).model.get('adapters'):
        pytest.importorskip('peft', reason='peft, of the extra lora, is not installed')
    config = shrink(copy.deepcopy(read(path)), scenes)
    content = config.to_dict() | {'work_dir': None}
    text = text_of(content)
    if text not in runs['metrics']:
        rest = text_of({k: v for k, v in content.items() if k not in ('model', 'optim_wrapper')})
        saves = rest not in runs['rest']
        if not saves:
            config.default_hooks.checkpoint = None  # else mmengine adds its own
            config.default_hooks.pop('visualization')
        if 'features' in config.default_hooks:
            config.default_hooks.features.folder = str(tmp_path / 'features')
        runs['metrics'][text] = run_once(config, tmp_path / path.stem)
        assert bool(list((tmp_path / path.stem).glob('best_mR_*.pth'))) == saves
        runs['rest'].add(rest)
    assert 0 <= runs['metrics'][text]['mR'] <= 100


@pytest.fixture(scope='module')
def built():
    """Texts of the parts that were built already."""
    return set()


@pytest.mark.parametrize('path', RETRIEVERS, ids=lambda path: path.stem)
def test_every_part_is_built_at_its_full_size(path, built):
    whole = read(path).model
    model = whole.get('teacher', whole)
    own = [whole.get(name) for name in ('classifier', 'image_tower', 'text_tower', 'distillation')]
    parts = [model.get(name) for name in PARTS] + [*model.get('losses', {}).values()]
    for part in [*own, *parts]:
        if part and text_of(part.to_dict()) not in built:
            MODELS.build(copy.deepcopy(part))
            built.add(text_of(part.to_dict()))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_the_schedule_is_built_at_its_full_length(path, built):
    config = read(path)
    if text_of(config.param_scheduler) in built:
        return
    for schedule in copy.deepcopy(config.param_scheduler):
        assert schedule.get('begin', 0) < schedule.get('end', 1) <= config.train_cfg.max_epochs
        by_iteration = PARAM_SCHEDULERS.get(schedule.pop('type')).build_iter_from_epoch
        assert schedule.pop('convert_to_iter_based')
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        by_iteration(optimizer, epoch_length=100, **schedule)
    built.add(text_of(config.param_scheduler))


@pytest.mark.parametrize('path', CLASSIFIERS, ids=lambda path: path.stem)
def test_a_classifier_becomes_a_prior(path, scenes, tmp_path):
    for picture in sorted((scenes / 'images').iterdir())[:24]:
        folder = tmp_path / 'pictures' / picture.stem.split('_')[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / picture.name).symlink_to(picture)
    config = one_epoch(copy.deepcopy(read(path)))
    backbone = config.model.backbone
    backbone.update(TINY_BACKBONES[backbone.type])
    config.model.pop('init', None)
    # what retrieval reads is the whole sequence, of which a classifier takes the class token
    whole = dict(backbone, out_type='raw') if 'Vision' in backbone.type else backbone
    prior = MODELS.build(dict(type='pir_mm.InstructionEncoder', backbone=whole))
    config.model.head.in_channels = prior.projection.in_features
    for split in SPLITS:
        shrink_loader(config[f'{split}_dataloader'])
        dataset = config[f'{split}_dataloader'].dataset
        dataset.data_root = str(tmp_path / 'pictures')
        dataset.pop('leave_out', None)  # names pictures of AID
    run_once(config, tmp_path / path.stem)
    (best,) = (tmp_path / path.stem).glob('best_accuracy_top1_*.pth')
    prior.init = str(best)
    prior.init_weights()
    trained = torch.load(best, weights_only=True)['state_dict']
    for name, value in prior.backbone.state_dict().items():
        torch.testing.assert_close(value, trained[f'backbone.{name}'])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_tells_the_command_that_runs_it(path):
    commands = re.findall(r'mim (?:train|test) pir_mm (configs/\S+)', path.read_text())
    assert commands[-1] == str(path.relative_to(ROOT))
    assert all((ROOT / name).is_file() for name in commands)  # what it starts from comes before


def test_every_weight_file_of_a_config_has_a_name_or_is_made_here():
    """A file is in the catalogue of get_weights, or a scene classifier says that it makes it."""
    known = {f'data/weights/{weights.out.rstrip("/")}' for weights in CATALOGUE.values()}
    made = {name for path in CLASSIFIERS for name in re.findall(r'[\w./]+\.pth', path.read_text())}
    wanted = set()
    for path in CONFIGS:
        model = read(path).model
        parts = [part for part in model.values() if isinstance(part, dict)]
        wanted |= {part['init'] for part in [model, *parts] if 'init' in part}
    made |= set(re.findall(r'work_dirs/\w+/epoch_\d+\.pth', ' '.join(wanted)))
    assert wanted - {'random'} <= known | made
    public = {f'data/weights/{name}.pth' for name in PUBLIC}
    assert known - public <= wanted  # and no name is idle
