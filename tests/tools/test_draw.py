"""tools/draw.py as one would type it, on an untrained model and generated scenes."""

import json
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from tests.tools.conftest import CONFIG

PRIOR = """
resnet = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
model.update(
    instruction_encoder=dict(type='pir_mm.InstructionEncoder', backbone=resnet, dim=16),
    selector=dict(type='pir_mm.BeliefSelector', keep=2),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=16, layers=1, heads=2),
)
model['text_encoder']['vocab_size'] = 4000
del resnet
"""
DATA = """
test_dataloader['dataset'].update(
    type='pir_mm.CaptionDataset', ann_file='captions.json', data_root='{root}', split='test',
    test_mode=True,
)
val_dataloader = dict(dataset=dict(test_dataloader['dataset'], split='val'))
"""


@pytest.fixture
def trained(scenes, tmp_path):
    """``config`` and ``checkpoint`` of a model with a prior; ``bare``, a config of one without."""
    from pir_mm.apis.weights.loading import load_retriever

    files = SimpleNamespace(
        config=tmp_path / 'config.py', checkpoint=tmp_path / 'a.pth', bare=tmp_path / 'bare.py'
    )
    text = CONFIG.format(vocab=scenes / 'vocab.txt') + DATA.format(root=scenes)
    files.bare.write_text(text)
    files.config.write_text(text.replace('scale=(32, 32)', 'scale=(64, 64)') + PRIOR)
    torch.manual_seed(0)
    torch.save({'state_dict': load_retriever(files.config).state_dict()}, files.checkpoint)
    return files


def test_scenes(tool, trained, tmp_path):
    run = tool('draw', 'scenes', trained.config, trained.checkpoint, '--out', tmp_path / 's.png')
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert lines[0].split()[0] == 'pictures' and lines[-1] == f'drawn: {tmp_path}/s.png'
    assert Image.open(tmp_path / 's.png').width == 2160


def test_embeddings_of_the_split_asked_for(tool, trained, tmp_path):
    pytest.importorskip('sklearn', reason='scikit-learn is absent: pip install ".[vis]"')
    model = (trained.config, trained.checkpoint)
    for number, split in enumerate(('test', 'val')):
        out = tmp_path / f'{number}.pdf'
        run = tool('draw', 'embeddings', *model, '--split', split, '--pairs', 2, '--out', out)
        assert run.code == 0, run.err
        assert out.read_bytes().startswith(b'%PDF') and ' % ' in run.out
    assert (tmp_path / '0.pdf').read_bytes() != (tmp_path / '1.pdf').read_bytes()


def test_rankings(tool, trained, tmp_path, scenes):
    listed = json.loads((scenes / 'captions.json').read_text())['images']
    member = next(entry['filename'] for entry in listed if entry['split'] == 'test')
    model = (trained.config, trained.checkpoint)
    asked = ('--text', 'a river', '--image', member, '--top-k', 3)
    run = tool('draw', 'rankings', *model, *asked, '--out', tmp_path / 'r.png')
    assert run.code == 0, run.err
    assert Image.open(tmp_path / 'r.png').height > 400
    run = tool('draw', 'rankings', *model, '--image', 'pink.png', '--out', tmp_path / 'p.png')
    assert run.code == 1 and 'pink.png is neither a file nor one of the' in run.err


def test_beliefs(tool, trained, tmp_path, photos):
    model = (trained.config, trained.checkpoint)
    run = tool('draw', 'beliefs', *model, photos / 'a.png', '--out', tmp_path / 'b.png')
    assert run.code == 0, run.err
    assert run.out.startswith('a.png: global token: belief ') and '2 of 5 kept' in run.out
    for wrong, reason in (
        (photos / 'notes.txt', 'not a picture'), (photos, 'is a folder'),
        ('nowhere.png', 'does not exist'),
    ):  # fmt: skip
        run = tool('draw', 'beliefs', *model, wrong, '--out', tmp_path / 'c.png')
        assert (run.code, run.err.count('\n')) == (1, 1)
        assert str(wrong) in run.err and reason in run.err
    assert not (tmp_path / 'c.png').exists()


def test_a_model_without_a_prior_has_no_beliefs(tool, tiny, photos, tmp_path):
    run = tool('draw', 'beliefs', tiny.config, tiny.checkpoint, photos / 'a.png', '--out', 'b.png')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'the model has no prior' in run.err


FUSION = """
sizes = dict(heads=2, intermediate_size=32)
model.update(
    type='pir_mm.FusionRetriever',
    fusion_encoder=dict(type='pir_mm.FusionEncoder', dim=16, image_dim=16, layers=2, **sizes),
    losses=dict(itm=dict(type='pir_mm.MatchingLoss')),
)
del model['embedding'], model['head'], sizes
test_pipeline = test_dataloader['dataset']['pipeline']
test_dataloader = None
"""


def test_words_of_models_that_are_compared(tool, tiny, photos, tmp_path):
    from pir_mm.apis.weights.loading import load_retriever

    config = tmp_path / 'fusion.py'
    config.write_text(CONFIG.format(vocab=tmp_path / 'vocab.txt') + FUSION)
    files = [(config, tmp_path / 'f.pth'), (config, tmp_path / 'g.pth')]
    for seed, (_, path) in enumerate(files):
        torch.manual_seed(seed)
        torch.save({'state_dict': load_retriever(config).state_dict()}, path)
    asked = (photos / 'a.png', '--text', 'a bad zebra', '--layer', 2, '--compare', *files[1])
    run = tool('draw', 'words', *files[0], *asked, '--out', tmp_path / 'w.png')
    assert run.code == 0, run.err
    first, second, last = run.out.splitlines()
    assert first.startswith('fusion f.pth: log odds ') and second.startswith('fusion g.pth: log')
    assert ', probability 0.' in first and last == f'drawn: {tmp_path}/w.png'
    assert run.err.count('\n') == 1 and 'does not know bad, zebra' in run.err
    assert Image.open(tmp_path / 'w.png').width == 1350  # the picture and four words
    run = tool('draw', 'words', tiny.config, tiny.checkpoint, *asked, '--out', tmp_path / 'x.png')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'config does not read an image into its words' in run.err
    assert not (tmp_path / 'x.png').exists()


def test_curves(tool, tmp_path):
    place = tmp_path / 'run' / '20260101_000000' / 'vis_data'
    place.mkdir(parents=True)
    lines = [{'loss': 1.0, 'epoch': 1, 'iter': 20, 'step': 20}, {'mR': 2.0, 'step': 1}]
    (place / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    run = tool('draw', 'curves', tmp_path / 'run', '--out', tmp_path / 'deep' / 'c.png')
    assert run.code == 0, run.err
    assert 'run: 1 start(s), 20 iterations, 1 validations' in run.out
    assert [path.name for path in (tmp_path / 'deep').iterdir()] == ['c.png']
    (tmp_path / 'empty').mkdir()
    run = tool('draw', 'curves', tmp_path / 'empty', '--out', tmp_path / 'd.png')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert f'{tmp_path}/empty has no' in run.err


def test_wrong_use_is_told_before_anything_is_loaded(tool):
    run = tool('draw', 'scenes', 'no.py', 'no.pth', '--out', 's.gif')
    assert run.code == 2 and 's.gif must end in .png or .pdf' in run.err
    run = tool('draw', 'scenes', 'no.py', 'no.pth', '--out', 's.png')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'no.py does not exist' in run.err
    assert tool('draw').code == 2
