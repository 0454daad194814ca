"""Each config of a table of the paper differs from the full model by what its row says."""

from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict

from pir_mm.registry import MODELS
from tests.conftest import ROOT

FULL = {
    'rsicd': ROOT / 'configs/pir_itr_swin_bert.py',
    'rsitmd': ROOT / 'configs/pir/pir_itr_swin_bert_rsitmd.py',
}
ROWS = sorted(
    path for name in ('table*', 'figure*') for path in (ROOT / 'configs/pir').glob(f'{name}/*.py')
)
OWN = (
    'resnet18_aid',
    'lite0_aid',
    'lite0_aid_clean',
    'clip_resnet50_aid',
)  # of no row of the paper
SCENES = sorted(p for p in (ROOT / 'configs/scene').glob('*.py') if p.stem not in OWN)
GONE = 'not there'

AL, TL = 'head.losses.affiliation', 'head.losses.triplet'
NO_SPAE = dict.fromkeys(('instruction_encoder', 'selector', 'spatial_pae'))
NO_TPAE = {'temporal_pae': None}
NO_AL = {AL: None}
BASELINE = NO_SPAE | NO_TPAE | NO_AL
TRIPLET = BASELINE | {
    'head.losses.contrastive': None,
    TL: dict(type='pir_mm.TripletLoss', positives='image', margin=0.2),
}
PLAIN = 'pir_mm.SelfAttentionStack'
VIT = {'type': 'mmpretrain.VisionTransformer', 'arch': 'deit-small', 'out_type': 'raw'}
SWIN = {'type': 'mmpretrain.SwinTransformer', 'arch': 'tiny'}


def below(prefix, values):
    return {f'{prefix}.{name}': value for name, value in values.items()}


def no_swin(but=()):
    names = {'arch', 'img_size', 'drop_path_rate'} - set(but)
    return below('image_encoder.backbone', dict.fromkeys(names, GONE))


def vgg(depth):
    return {'type': 'mmpretrain.VGG', 'depth': depth, 'norm_cfg': {'type': 'BN'}}


IN_BOTH = {
    'vse_resnet50_gru': TRIPLET
    | no_swin()
    | below('image_encoder.backbone', {'type': 'mmpretrain.ResNet', 'depth': 50})
    | {
        'image_encoder.init': 'data/weights/resnet50_imagenet.pth',
        'text_encoder.type': 'pir_mm.GRUEncoder',
        'text_encoder.init': GONE,
        'tokenizer.vocab': 'data/{set}/vocab.txt',
    },
    'vse_vit_bert': BASELINE
    | no_swin(but=['arch'])
    | below('image_encoder.backbone', VIT)
    | {'image_encoder.init': 'data/weights/vit_small_imagenet.pth'},
    'vse_swin_bert_triplet': TRIPLET,
    'vse_swin_bert': BASELINE,
    'vse_swin_bert_tel': NO_AL
    | {'instruction_encoder': None, 'selector': None, 'embedding.add_global': False}
    | {'spatial_pae.type': PLAIN, 'spatial_pae.layers': 4}
    | {'temporal_pae.type': PLAIN, 'temporal_pae.layers': 6},
    'pir_itr_swin_bert_soft': {'selector.strategy': 'soft'},
}
PRIORS = {
    'vgg16': vgg(16),
    'vgg19': vgg(19),
    'resnet50': {},
    'resnet101': {'depth': 101},
    'vit_small': VIT | {'depth': GONE},
    'swin_tiny': SWIN | {'depth': GONE},
}
ORIGINS = ('aid', 'resisc45', 'imagenet', 'random')
PRIOR = 'instruction_encoder'
DIFFERENCES = (
    {f'{row}_{name}': changes for row, changes in IN_BOTH.items() for name in FULL}
    | {
        'pir_itr_spae_rsitmd': NO_TPAE | NO_AL,
        'pir_itr_tpae_rsitmd': NO_SPAE | NO_AL,
        'pir_itr_al_rsitmd': NO_SPAE | NO_TPAE,
        'pir_itr_spae_tpae_rsitmd': NO_AL,
        'pir_itr_spae_al_rsitmd': NO_TPAE,
        'pir_itr_tpae_al_rsitmd': NO_SPAE,
    }
    | {f'pir_itr_keep{keep}_rsitmd': {'selector.keep': keep} for keep in (10, 20, 30, 50)}
    | {
        f'pir_itr_affiliation{tenths:02d}_rsitmd': {f'{AL}.weight': tenths / 10}
        for tenths in (2, 4, 6, 8, 12, 14)
    }
    | {
        f'prior_{name}_{origin}_rsitmd': below(f'{PRIOR}.backbone', changes)
        | {f'{PRIOR}.init': f'data/weights/{name}_{origin}.pth'}
        for name, changes in PRIORS.items()
        for origin in ORIGINS
    }
)
del DIFFERENCES['prior_resnet50_aid_rsitmd']  # is the full model
for name in PRIORS:
    DIFFERENCES[f'prior_{name}_random_rsitmd'][f'{PRIOR}.init'] = 'random'


def load(path):
    return Config.fromfile(path, lazy_import=False)


def differences(new, old, place=''):
    """By dotted name, what is in one dict and not so in the other."""
    found = {}
    for name in new.keys() | old.keys():
        here, there = new.get(name, GONE), old.get(name, GONE)
        if isinstance(here, dict) and isinstance(there, dict):
            found |= differences(here, there, f'{place}{name}.')
        elif here != there:
            found[place + name] = here
    return found


def stated(changes, place=''):
    """By dotted name, the values that a config states over its parent's."""
    for name, value in changes.items():
        if isinstance(value, dict) and not value.get('_delete_'):
            yield from stated(value, f'{place}{name}.')
        else:
            yield place + name, value


@pytest.mark.parametrize('path', ROWS, ids=lambda path: path.stem)
def test_a_row_differs_from_the_full_model_by_what_it_says(path):
    data = path.stem.rsplit('_', 1)[1]
    expected = {
        f'model.{name}': value.format(set=data) if isinstance(value, str) else value
        for name, value in DIFFERENCES[path.stem].items()
    }
    assert differences(load(path), load(FULL[data])) == expected


def test_every_row_is_there():
    assert {path.stem for path in ROWS} == DIFFERENCES.keys()


@pytest.mark.parametrize('path', ROWS, ids=lambda path: path.stem)
def test_a_child_states_nothing_that_its_parent_says(path):
    own = {}
    exec(path.read_text(), own)
    assert isinstance(own['_base_'], str)
    assert {name for name in own if not name.startswith('__')} == {'_base_', 'model'}
    parent = ConfigDict(load(path.parent / own['_base_']).model)
    for name, value in stated(own['model']):
        inherited = parent
        for part in name.split('.'):
            inherited = inherited.get(part, GONE) if isinstance(inherited, dict) else GONE
        assert value != inherited, f'{name} is {value!r} already'


@pytest.mark.parametrize(
    ('row', 'count'),
    [
        ('vse_resnet50_gru', 28_520_384),  # the paper: 29 M
        ('vse_vit_bert', 131_148_161),  # 131 M
        ('vse_swin_bert', 137_198_459),  # 137 M
        # 161 M in the paper; the 2.4 M that are not here project instructions and queries
        ('vse_swin_bert_tel', 158_772_091),
    ],
)
def test_sizes_of_the_paper(row, count):
    config = load(ROOT / f'configs/pir/table1/{row}_rsicd.py').model
    model = MODELS.build(dict(config, data_preprocessor=None))
    assert sum(p.numel() for p in model.parameters()) == count


@pytest.mark.parametrize('path', SCENES, ids=lambda path: path.stem)
def test_a_classifier_is_the_prior_that_a_row_takes(path):
    name, data = path.stem.rsplit('_', 1)
    config = load(path)
    if (name, data) == ('resnet50', 'aid'):
        row = load(FULL['rsitmd'])
    else:
        row = load(ROOT / f'configs/pir/table5/prior_{path.stem}_rsitmd.py')
    backbone = dict(config.model.backbone)
    wanted = dict(row.model.instruction_encoder.backbone)
    wanted.pop('out_type', None)  # a classifier takes the class token alone
    assert backbone == wanted
    assert config.model.init == f'data/weights/{name}_imagenet.pth'
    assert row.model.instruction_encoder.init == f'data/weights/{path.stem}.pth'
    assert f'data/weights/{path.stem}.pth' in path.read_text()
    assert config.model.head.num_classes == {'aid': 30, 'resisc45': 45}[data]
    preprocessing = row.model.data_preprocessor
    for key in ('mean', 'std', 'to_rgb'):
        assert config.model.data_preprocessor[key] == preprocessing[key]
    for split, part in (('train', 'train'), ('val', 'test'), ('test', 'test')):
        dataset = config[f'{split}_dataloader'].dataset
        assert (dataset.split, dataset.train_ratio) == (part, 0.2)
        assert Path(dataset.data_root).name == data
