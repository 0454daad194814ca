"""A real retriever, tiny and untrained, with its config, checkpoint and vocabulary as files."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
model = dict(
    type='pir_mm.PIR',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab='{vocab}'),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8),
        dim=16,
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder', dim=16, vocab_size=40, hidden_size=16, layers=1, heads=2,
        intermediate_size=32, max_positions=48,
    ),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=16),
    head=dict(type='pir_mm.RetrievalHead'),
)
test_dataloader = dict(dataset=dict(pipeline=[
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(32, 32)),
    dict(type='mmpretrain.PackInputs', algorithm_keys=['text'], meta_keys=['img_path']),
]))
"""
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']


@pytest.fixture
def tiny(tmp_path):
    """``config``, ``checkpoint`` and ``other``, a checkpoint of other weights, in a folder."""
    from pir_mm.apis.weights.loading import load_retriever

    letters = [chr(97 + i) for i in range(15)]
    pieces = [*SPECIAL, *letters, *(f'##{letter}' for letter in letters)]
    (tmp_path / 'vocab.txt').write_text('\n'.join(pieces) + '\n')
    files = SimpleNamespace(
        config=tmp_path / 'config.py', checkpoint=tmp_path / 'a.pth', other=tmp_path / 'b.pth'
    )
    files.config.write_text(CONFIG.format(vocab=tmp_path / 'vocab.txt'))
    for seed, path in enumerate((files.checkpoint, files.other)):
        torch.manual_seed(seed)
        torch.save({'state_dict': load_retriever(files.config).state_dict()}, path)
    return files


@pytest.fixture
def photos(tmp_path):
    """Five pictures of noise, and a text."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in ('a.png', 'b.png', 'c.jpg', 'd.tif', 'e.bmp'):
        pixels = generator.integers(0, 256, (2, 2, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((48, 40), Image.Resampling.NEAREST).save(folder / name)
    (folder / 'notes.txt').write_text('no picture')
    return folder


@pytest.fixture
def tool(monkeypatch, capsys):
    """Run a tool in this process: ``tool('index', ...)`` gives exit code, stdout and stderr."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        monkeypatch.setenv('LOCAL_RANK', '0')  # which training tools set themselves
        code = 0
        try:
            runpy.run_path(str(ROOT / 'tools' / f'{name}.py'), run_name='__main__')
        except SystemExit as stop:
            code = stop.code or 0
        output = capsys.readouterr()
        return SimpleNamespace(code=code, out=output.out, err=output.err)

    return run
