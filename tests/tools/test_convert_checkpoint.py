"""The command that converts weights of others."""

import runpy
from pathlib import Path

import pytest
import torch

from tests.models.converters import layout_files

TOOL = Path(__file__).parents[2] / 'tools' / 'convert_checkpoint.py'


@pytest.fixture
def source(tmp_path):
    torch.save(layout_files.hf_bert(), tmp_path / 'in.bin')
    return tmp_path / 'in.bin'


def test_knows_every_layout_of_the_package():
    from pir_mm.models.converters import LAYOUTS, RETRIEVERS

    tool = runpy.run_path(str(TOOL))
    assert tool['PARTS'] + tool['RETRIEVERS'] == tuple(LAYOUTS)
    assert tool['RETRIEVERS'] == RETRIEVERS


def test_tells_what_became_of_the_tensors(tool, source, tmp_path):
    ended = tool('convert_checkpoint', 'hf-bert', source, tmp_path / 'out.pth')
    assert (ended.code, ended.err) == (0, '')
    first, second, third, note = ended.out.splitlines()
    assert first == f'read 26 tensors of {source}'
    assert second == 'used 21; dropped 5: 2 pooler, 2 pre-training heads, 1 made anew'
    assert third == f'written 21 to {tmp_path}/out.pth, 0 of them made anew'
    assert note.startswith('note: for pir_mm.BertEncoder with vocab_size=60')


def test_tells_whether_the_prior_was_trained(tool, tmp_path):
    content = {'model': layout_files.pir_itr(), 'config': layout_files.SETTINGS}
    torch.save(content, tmp_path / 'in.pth')
    out = tmp_path / 'out.pth'
    ended = tool('convert_checkpoint', 'pir-itr', tmp_path / 'in.pth', out, '--bert-heads', 2)
    assert (ended.code, ended.err) == (0, '')
    assert 'beside the weights, not converted: config\n' in ended.out
    assert f'its config is {tmp_path}/out.py' in ended.out
    assert 'note: its instruction encoder may be random' in ended.out
    assert 'note: its BERT started from trained weights' in ended.out


def test_ends_in_one_sentence(tool, source, tmp_path):
    ended = tool('convert_checkpoint', 'timm-swin', source, tmp_path / 'out.pth')
    assert (ended.code, ended.out) == (1, '')
    assert ended.err.count('\n') == 1
    assert ended.err.startswith(f'error: {source} is not converted: the layout timm-swin is for ')
    assert ended.err.endswith('take the layout hf-bert\n')
    ended = tool('convert_checkpoint', 'hf-bert', tmp_path / 'none.bin', tmp_path / 'out.pth')
    assert ended.err == f'error: weight file {tmp_path}/none.bin does not exist\n'
    assert not (tmp_path / 'out.pth').exists()


def test_a_file_cut_off(tool, source, tmp_path):
    source.write_bytes(source.read_bytes()[:4000])
    ended = tool('convert_checkpoint', 'hf-bert', source, tmp_path / 'out.pth')
    assert ended.code == 1
    assert ended.err.startswith(f'error: {source} cannot be read as weights')
    assert ended.err.count('\n') == 1
