"""Weight files of other projects are converted whole or not at all."""

import hashlib

import pytest
import torch
from mmengine.config import Config
from torch.testing import assert_close

import pir_mm.apis.weights.conversion as conversion
from pir_mm.apis import load_retriever
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.training.running import test as run_test
from pir_mm.apis.weights.conversion import HEADER, convert_checkpoint, converted_config
from pir_mm.registry import MODELS
from pir_mm.version import __version__
from tests.models.converters import layout_files

MODEL = dict(
    type='pir_mm.PIR',
    tokenizer=dict(vocab='{{ fileDirname }}/vocab.txt'),
    image_encoder=dict(backbone=dict(img_size=96)),
)


def test_the_config_loads_from_its_folder(tmp_path):
    text = converted_config(MODEL)
    (tmp_path / 'weights.py').write_text(text)
    assert text.startswith(HEADER)
    assert '_base_' not in text
    config = Config.fromfile(tmp_path / 'weights.py')
    assert config.model.tokenizer.vocab == f'{tmp_path}/vocab.txt'
    assert config.default_scope == 'pir_mm'
    load, resize, _ = config.test_dataloader.dataset.pipeline
    assert load.type == 'pir_mm.LoadPicture'
    assert (resize.scale, resize.interpolation) == ((96, 96), 'bicubic')
    assert config.test_dataloader.dataset.data_root == 'data/rsicd/'


@pytest.fixture
def saved(tmp_path):
    def save(content, name='in.pth'):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def official(saved):
    """A small checkpoint as the authors save theirs."""
    return saved({'model': layout_files.pir_itr(), 'config': layout_files.SETTINGS})


@pytest.mark.parametrize(
    ('layout', 'weights', 'counts'),
    [
        (
            'microsoft-swin',
            layout_files.microsoft_swin,
            (76, 67, {'made anew': 8, 'classifier': 1}),
        ),
        ('timm-swin', layout_files.timm_swin, (68, 67, {'classifier': 1})),
        ('timm-vit', layout_files.timm_vit, (20, 18, {'classifier': 2})),
        ('torchvision', layout_files.resnet, (122, 120, {'classifier': 2})),
        (
            'efficientnet-lite',
            lambda: layout_files.efficientnet_lite(0, 'cpu'),
            (296, 294, {'classifier': 2}),
        ),
        ('rsp-aid', lambda: layout_files.resnet(30), (122, 120, {'classifier': 2})),
        (
            'hf-bert',
            layout_files.hf_bert,
            (26, 21, {'pooler': 2, 'pre-training heads': 2, 'made anew': 1}),
        ),
    ],
)
def test_writes_plain_tensors_and_where_they_came_from(saved, tmp_path, layout, weights, counts):
    source = saved({'model': weights(), 'epoch': 3})
    meta = convert_checkpoint(layout, source, tmp_path / 'new' / 'out.pth')
    content = torch.load(tmp_path / 'new' / 'out.pth', weights_only=True)
    assert content['meta'] == meta
    assert (meta['read'], meta['used'], meta['dropped']) == counts
    assert meta['written'] == meta['used'] + meta['made'] == len(content['state_dict'])
    assert (meta['layout'], meta['source'], meta['pir_mm']) == (layout, 'in.pth', __version__)
    assert meta['sha256'] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert meta['beside'] == ['epoch']
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['out.pth']


def test_encoders_start_from_what_is_written(saved, tmp_path):
    convert_checkpoint('timm-swin', saved(layout_files.timm_swin()), tmp_path / 'swin.pth')
    arch = dict(embed_dims=4, depths=[1] * 4, num_heads=[1, 1, 2, 2])
    backbone = dict(type='mmpretrain.SwinTransformer', arch=arch)
    init = str(tmp_path / 'swin.pth')
    encoder = MODELS.build(dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=6, init=init))
    encoder.init_weights()
    loaded = encoder.backbone.stages[2].blocks[0].attn.w_msa.qkv.weight
    assert_close(loaded, layout_files.timm_swin()['layers.2.blocks.0.attn.qkv.weight'])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda w: w | {'layer1.9.se.weight': torch.ones(1)}, 'blocks in their four stages'),
        (lambda w: w | {'scale': torch.ones(1)}, 'in.pth is not converted: .* left over: scale'),
        (lambda w: {n: v for n, v in w.items() if n != 'bn1.bias'}, 'missing: bn1.bias'),
        (lambda w: w | {'bn1.bias': torch.ones(3)}, r'bn1.bias is \(3,\) instead of \(4,\)'),
        (lambda w: w | {'bn1.bias': torch.full((4,), torch.nan)}, 'not finite: bn1.bias'),
        (lambda w: layout_files.hf_bert(), 'take the layout hf-bert'),
    ],
)
def test_a_refused_file_leaves_the_folder_as_it_was(saved, tmp_path, change, message):
    (tmp_path / 'out.pth').write_text('before')
    with pytest.raises(ValueError, match=message):
        convert_checkpoint(
            'torchvision', saved(change(layout_files.resnet())), tmp_path / 'out.pth'
        )
    assert (tmp_path / 'out.pth').read_text() == 'before'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['in.pth', 'out.pth']


def test_no_file_is_overwritten_by_mistake(official, tmp_path):
    with pytest.raises(ValueError, match='is the file to convert'):
        convert_checkpoint('pir-itr', official, official)
    with pytest.raises(ValueError, match=r'out.py must be a torch file: let its name end in .pth'):
        convert_checkpoint('pir-itr', official, tmp_path / 'out.py')
    (tmp_path / 'dir.pth').mkdir()
    with pytest.raises(ValueError, match='dir.pth is a folder: give a file name'):
        convert_checkpoint('pir-itr', official, tmp_path / 'dir.pth')
    with pytest.raises(
        ValueError, match="out.py could not be read: the name of its folder must not have a '"
    ):
        convert_checkpoint('pir-itr', official, tmp_path / "it's" / 'out.pth')
    (tmp_path / 'own.py').write_text('model = dict()\n')
    with pytest.raises(ValueError, match='own.py exists and was not written by this tool'):
        convert_checkpoint('pir-itr', official, tmp_path / 'own.pth')
    assert (tmp_path / 'own.py').read_text() == 'model = dict()\n'


def test_a_whole_retriever_comes_with_its_config(official, tmp_path):
    for _ in range(2):  # a second run may replace its own config
        meta = convert_checkpoint('pir-itr', official, tmp_path / 'out.pth', bert_heads=2)
    assert meta['beside'] == ['config']
    assert meta['used'] + sum(meta['dropped'].values()) == len(layout_files.pir_itr())
    model = load_retriever(checkpoint=tmp_path / 'out.pth')
    given = layout_files.pir_itr()
    assert model.head.temperatures['contrastive'].value == given['temp']
    key = given['txt_ca.1.mhatt_cross.linear_k.weight']
    assert_close(model.temporal_pae.cross_attention[1].attention.key_value.weight[:8], key)
    assert model.cfg.model.tokenizer.vocab == f'{tmp_path}/vocab.txt'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['in.pth', 'out.pth', 'out.py']


def test_a_name_with_a_quote_is_no_obstacle(official, tmp_path):
    convert_checkpoint('pir-itr', official, tmp_path / "it's.pth", bert_heads=2)
    assert load_retriever(checkpoint=tmp_path / "it's.pth").cfg.model.tokenizer.vocab == (
        f'{tmp_path}/vocab.txt'
    )


def test_a_baseline_is_converted_alike(saved, tmp_path):
    source = saved({'model': layout_files.baseline(), 'config': layout_files.SETTINGS})
    meta = convert_checkpoint('pir-itr', source, tmp_path / 'out.pth', bert_heads=2)
    assert load_retriever(checkpoint=tmp_path / 'out.pth').spatial_pae is None
    assert len(meta['notes']) == 1


def test_settings_are_numbers_and_nothing_else(saved, tmp_path):
    for value in ("__import__('os').mkdir('made')", '{{ fileDirname }}'):
        settings = layout_files.SETTINGS | {'filter_size': value}
        source = saved({'model': layout_files.pir_itr(), 'config': settings})
        with pytest.raises(ValueError, match='filter_size=.*, wanted a whole number above 0'):
            convert_checkpoint('pir-itr', source, tmp_path / 'out.pth')
    settings = layout_files.SETTINGS | {'vision_config': '"""\nimport os\nos.mkdir("made")'}
    source = saved({'model': layout_files.pir_itr(), 'config': settings})
    convert_checkpoint('pir-itr', source, tmp_path / 'out.pth', bert_heads=2)
    assert 'mkdir' not in (tmp_path / 'out.py').read_text()


def test_a_file_that_loads_differently_is_not_kept(official, tmp_path, monkeypatch):
    def worse(config, checkpoint):
        model = load_retriever(config, checkpoint)
        model.image_encoder.projection.bias.data += 1
        return model

    monkeypatch.setattr(conversion, 'load_trained', worse)
    with pytest.raises(ValueError, match=r'out.pth is not written: 1 of \d+ tensors differ'):
        convert_checkpoint('pir-itr', official, tmp_path / 'out.pth', bert_heads=2)
    assert [path.name for path in tmp_path.iterdir()] == ['in.pth']


def test_its_config_tests_a_data_set(saved, scenes, tmp_path):
    weights = layout_files.pir_itr(words=4000)
    source = saved({'model': weights, 'config': layout_files.SETTINGS})
    convert_checkpoint('pir-itr', source, tmp_path / 'out.pth', bert_heads=2)
    options = [f'test_dataloader.dataset.data_root={scenes}/', 'test_dataloader.num_workers=0']
    options += [f'model.tokenizer.vocab={scenes}/vocab.txt']
    config = load_config(tmp_path / 'out.py', options, work_dir=str(tmp_path / 'work'))
    metrics = run_test(config, str(tmp_path / 'out.pth'))
    assert 0 <= metrics['mR'] <= 100
