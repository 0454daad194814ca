"""An exported model is the torch model: same vectors, same index, and no torch in a query."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

pytest.importorskip('onnx', reason='pip install -r requirements/onnx.txt')
pytest.importorskip('onnxruntime', reason='pip install -r requirements/onnx.txt')

from pir_mm.apis import (
    JoinedQuery,
    Searcher,
    index_pictures,
    load_index_model,
    load_retriever,
)
from pir_mm.apis.export import export_onnx
from pir_mm.apis.search import embed_images, embed_texts, model_fingerprint
from pir_mm.deployment.exported_retriever import ExportedRetriever
from pir_mm.querying import VectorSearcher
from pir_mm.search.background import BACKGROUND

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
RESIZE = dict(type='mmpretrain.Resize', scale=(48, 40), interpolation='area')
EDGE = dict(type='mmpretrain.ResizeEdge', scale=64, edge='short', interpolation='bicubic')
CROP = dict(type='mmpretrain.CenterCrop', crop_size=64)
PACK = dict(type='mmpretrain.PackInputs', algorithm_keys=['text'], meta_keys=['img_path'])
COLOURS = dict(
    type='pir_mm.PairPreprocessor', mean=[122.7, 116.7, 104.1], std=[68.5, 66.6, 70.3], to_rgb=True
)
OTHERS = [f'{a}{b} lake' for a in 'abcdefgh' for b in 'abcdefgh']
BERT = dict(
    type='pir_mm.BertEncoder', dim=16, vocab_size=80, hidden_size=16, layers=2, heads=2,
    intermediate_size=32, max_positions=48,
)  # fmt: skip


def pir(vocab, **changes):
    sizes = dict(dim=16, layers=1, heads=2)
    return (
        dict(
            type='pir_mm.PIR',
            data_preprocessor=COLOURS,
            tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab=str(vocab)),
            image_encoder=dict(type='pir_mm.ImageEncoder', backbone=RESNET, dim=16),
            text_encoder=BERT,
            instruction_encoder=dict(type='pir_mm.InstructionEncoder', backbone=RESNET, dim=16),
            selector=dict(type='pir_mm.BeliefSelector', keep=3),
            spatial_pae=dict(type='pir_mm.SpatialPAE', **sizes),
            temporal_pae=dict(type='pir_mm.TemporalPAE', **sizes),
            embedding=dict(type='pir_mm.JoinedEmbedding', dim=16),
            head=dict(type='pir_mm.RetrievalHead'),
        )
        | changes
    )


def clip():
    arch = dict(
        embed_dim=16,
        vision_cfg=dict(image_size=64, layers=2, width=64, patch_size=32),
        text_cfg=dict(context_length=20, vocab_size=49408, width=64, heads=1, layers=2),
    )
    tokenizer = dict(type='pir_mm.CLIPTokenizer', max_tokens=20)
    head = dict(type='pir_mm.RetrievalHead')
    return dict(
        type='pir_mm.CLIPRetriever', arch=arch, head=head, tokenizer=tokenizer,
        data_preprocessor=COLOURS,
    )  # fmt: skip


def saved(folder, model, *steps):
    """Config and checkpoint of a model at random, as its files."""
    pipeline = [dict(type='pir_mm.LoadPicture'), *steps, PACK]
    config = Config(dict(model=model, test_dataloader=dict(dataset=dict(pipeline=pipeline))))
    config.dump(folder / 'config.py')
    torch.manual_seed(0)
    torch.save({'state_dict': load_retriever(folder / 'config.py').state_dict()}, folder / 'a.pth')
    return folder / 'config.py', folder / 'a.pth'


@pytest.fixture(scope='module')
def vocab(tmp_path_factory):
    letters = [chr(97 + i) for i in range(26)]
    special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    path = tmp_path_factory.mktemp('words') / 'vocab.txt'
    path.write_text('\n'.join([*special, *letters, *(f'##{c}' for c in letters), 'lake']) + '\n')
    return path


@pytest.fixture(scope='module')
def exported(vocab, tmp_path_factory):
    """The model, its export and the report of it."""
    folder = tmp_path_factory.mktemp('model')
    model = load_retriever(*saved(folder, pir(vocab), RESIZE))
    return model, folder / 'export', export_onnx(model, folder / 'export')


SOFT = dict(type='pir_mm.BeliefSelector', strategy='soft')
PLAIN = dict(instruction_encoder=None, selector=None, spatial_pae=None)


def test_vectors_are_those_of_torch_for_any_batch_and_length(exported):
    model, folder, report = exported
    assert report.text < 1e-5 and report.image < 1e-5 and report.arithmetic == 'fp32'
    light = ExportedRetriever(folder)
    texts = ['lake', 'a lake', 'many ' * 40, 'two lakes, and a hill', 'caf\u00e9']
    for count in (1, 2, 5):
        np.testing.assert_allclose(
            light.embed_texts(texts[:count]), embed_texts(model, texts[:count]), atol=1e-5
        )
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (n, 70, 3), dtype=np.uint8) for n in (30, 64, 200)]
    wanted = embed_images(model, pictures)
    np.testing.assert_allclose(light.embed_images(pictures), wanted, atol=1e-5)
    np.testing.assert_allclose(embed_images(load_retriever(folder), pictures), wanted, atol=1e-5)


@pytest.mark.parametrize('changes', [dict(selector=SOFT), PLAIN], ids=['soft', 'no picture side'])
def test_other_parts_are_exported_too(vocab, tmp_path, changes):
    model = load_retriever(*saved(tmp_path, pir(vocab, **changes), RESIZE))
    assert export_onnx(model, tmp_path / 'export').image < 1e-5


def test_clip_is_exported_with_its_tokenizer_and_its_crop(tmp_path):
    pytest.importorskip('open_clip')
    model = load_retriever(*saved(tmp_path, clip(), EDGE, CROP))
    report = export_onnx(model, tmp_path / 'export')
    assert report.text < 1e-5 and report.image < 1e-5
    texts = ["it's 25 boats!", 'na\u00efve &amp; caf\u00e9', 'A' * 90, 'x' + ' word' * 60, '\u7530']
    light = ExportedRetriever(tmp_path / 'export')
    ids, mask = light.tokenizer(texts)
    for found, wanted in zip((ids, mask), model.tokenize(texts), strict=True):
        np.testing.assert_array_equal(found, wanted.numpy())
    for text in texts:
        assert light.tokenizer.reading(text) == model.tokenizer.reading(text)


def kept_key(index):
    with np.load(index / BACKGROUND) as kept:
        return str(kept['key'])


def test_eight_bits_are_near_and_smaller(exported, tmp_path):
    model, folder, exact = exported
    report = export_onnx(model, tmp_path / 'small', 'int8')
    assert report.text_cosine > 0.9 and report.image_cosine > 0.9 and report.text > exact.text
    assert ExportedRetriever(tmp_path / 'small').card.arithmetic == 'int8'


def test_the_percentiles_of_eight_bits_are_not_those_of_the_torch_model(exported, photos, tmp_path):
    model, _, _ = exported
    export_onnx(model, tmp_path / 'small', 'int8')
    index_pictures([photos], model, tmp_path / 'index', precision='fp32')
    embedders = model, load_retriever(tmp_path / 'small'), ExportedRetriever(tmp_path / 'small')
    keys = []
    for embedder in embedders[:2]:
        Searcher(tmp_path / 'index', model=embedder, background=OTHERS).search('a lake', top_k=1)
        keys.append(kept_key(tmp_path / 'index'))
    VectorSearcher(tmp_path / 'index', embedders[2], background=OTHERS).search('a lake', top_k=1)
    assert kept_key(tmp_path / 'index') == keys[1] != keys[0]


def test_an_index_of_either_is_searched_by_the_other(exported, photos, tmp_path):
    model, folder, _ = exported
    other = load_retriever(folder)
    assert model_fingerprint(other, 16) == model_fingerprint(model, 16)
    index_pictures([photos], model, tmp_path / 'torch', precision='fp32')
    index_pictures([photos], other, tmp_path / 'onnx', precision='fp32')
    queries = ['a lake', photos / 'c.jpg', JoinedQuery.of('a lake', less_like=photos / 'a.png')]
    wanted = Searcher(tmp_path / 'torch', model=model).search(*queries, top_k=3)
    assert wanted.hits[3].tile.source.endswith('c.jpg') and wanted.hits[3].score > 0.999
    for name in ('torch', 'onnx'):
        found = VectorSearcher(tmp_path / name, ExportedRetriever(folder)).search(*queries, top_k=3)
        assert [hit.tile for hit in found.hits] == [hit.tile for hit in wanted.hits]
        scores = [[hit.score for hit in one.hits] for one in (found, wanted)]
        np.testing.assert_allclose(*scores, atol=1e-4)
    assert type(load_index_model(tmp_path / 'onnx')).__name__ == 'ExportedDualEncoder'


def test_a_damaged_export_is_refused(exported, tmp_path):
    _, folder, _ = exported
    broken = tmp_path / 'export'
    shutil.copytree(folder, broken)
    text = broken / 'text.onnx'
    text.write_bytes(text.read_bytes()[:-9])
    with pytest.raises(ValueError, match='text.onnx has .* bytes and had'):
        ExportedRetriever(broken)
    shutil.copy(folder / 'text.onnx', text)
    steps = broken / 'preprocess.json'
    for content in ('{"steps": ', '{"steps": [{"type": "Flip"}]}', '[]', '{"mean": 3}'):
        steps.write_text(content.ljust(steps.stat().st_size))
        with pytest.raises(ValueError, match='preprocess.json is damaged: '):
            ExportedRetriever(broken)
    shutil.copy(folder / 'preprocess.json', steps)
    text.unlink()
    with pytest.raises(FileNotFoundError, match='text.onnx is absent'):
        ExportedRetriever(broken)
    card = json.loads((broken / 'model.json').read_text())
    (broken / 'model.json').write_text(json.dumps({**card, 'format': 9}))
    with pytest.raises(ValueError, match='of another format'):
        ExportedRetriever(broken)
    with pytest.raises(FileNotFoundError, match='is no exported model'):
        ExportedRetriever(tmp_path)


def test_what_differs_from_torch_is_not_written(exported, tmp_path, monkeypatch):
    model, _, _ = exported
    module = sys.modules['pir_mm.apis.export.onnx_model']
    monkeypatch.setattr(module, 'TOLERANCE', 0.0)
    with pytest.raises(ValueError, match='differs from torch .* nothing is written'):
        export_onnx(model, tmp_path / 'export')
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_told(exported, vocab, tmp_path):
    model, folder, _ = exported
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.txt').write_text('all of it')
    with pytest.raises(ValueError, match='mine is no earlier export'):
        export_onnx(model, tmp_path / 'mine')
    assert (tmp_path / 'mine' / 'thesis.txt').read_text() == 'all of it'
    with pytest.raises(ValueError, match='arithmetic must be one of fp32, int8'):
        export_onnx(model, tmp_path / 'new', 'int4')
    turned = dict(type='mmpretrain.RandomFlip', prob=0.5)
    odd = load_retriever(*saved(tmp_path, pir(vocab, **PLAIN), RESIZE, turned))
    with pytest.raises(ValueError, match='RandomFlip of the test pipeline cannot be exported'):
        export_onnx(odd, tmp_path / 'new')
    with pytest.raises(ValueError, match='runs on a CPU'):
        load_retriever(folder, device='meta')
