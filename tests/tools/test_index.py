"""tools/index.py as one would type it."""

import json

import numpy as np

from pir_mm.search import EmbeddingIndex, IndexCard, Tiling
from tests.search.test_old_index import old_index


def test_indexes_a_folder_and_says_what_it_left_out(tool, tiny, photos, tmp_path):
    run = tool('index', photos, '--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    assert run.code == 0, run.err
    assert run.out == f'{tmp_path / "i"}: 5 tiles indexed\n'
    assert run.err.startswith('skipped 1: not a picture: ')
    assert run.err.endswith('index.json\n')
    card = json.loads((tmp_path / 'i' / 'index.json').read_text())
    assert card['model']['config'] == '../config.py'
    assert card['model']['checkpoint'] == '../a.pth'
    assert card['model']['fingerprint']['width'] == 16
    index = EmbeddingIndex(tmp_path / 'i')
    norms = np.linalg.norm(index.store.vectors(index.ids), axis=1)
    np.testing.assert_allclose(norms, np.ones(5), atol=1e-5)


def test_sources_batch_size_and_device_are_handed_on(tool, tiny, photos, tmp_path, monkeypatch):
    given = {}

    def index(sources, model, out, **options):
        given.update(sources=sources, model=model, out=out, **options)
        return IndexCard(None, None, None, indexed=2)

    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    monkeypatch.setattr('pir_mm.apis.weights.load_retriever', lambda *arguments: arguments)
    monkeypatch.setattr('pir_mm.apis.search.index_pictures', index)
    sources = [str(photos / 'a.png'), str(photos / 'b.png')]
    options = ('--out', tmp_path / 'i', '--device', 'cuda', '--batch-size', 7)
    options += ('--tile-size', '640m', '--overlap', '32', '--profile', 'percentile')
    options += ('--rebuild', '--checksum', '--remove', 'gone', '--store', 'faiss')
    run = tool('index', *sources, '--model', tiny.config, tiny.checkpoint, *options)
    assert run.code == 0, run.err
    assert given['sources'] == sources
    assert given['model'] == (str(tiny.config), str(tiny.checkpoint), 'cuda')
    assert (given['out'], given['checkpoint']) == (str(tmp_path / 'i'), str(tiny.checkpoint))
    assert given['batch_size'] == 7
    assert given['tiling'] == Tiling('640m', '32') and given['profile'] == 'percentile'
    assert given['rebuild'] and given['checksum'] and given['remove'] == ['gone']
    assert given['store'] == 'faiss'


def test_files_that_are_lost_are_told(tool, tiny, photos, tmp_path, monkeypatch):
    card = IndexCard(None, None, None, indexed=2, lost=('/old/a.png', '/old/b.png'))
    monkeypatch.setattr('pir_mm.apis.weights.load_retriever', lambda *arguments: arguments)
    monkeypatch.setattr('pir_mm.apis.search.index_pictures', lambda *_, **__: card)
    run = tool('index', photos, '--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    assert (run.code, run.out) == (0, f'{tmp_path / "i"}: 2 tiles indexed\n')
    assert run.err == (
        '2 files of the index are not there, first /old/a.png: name their new place by --root, or '
        'take them out by --remove\n'
    )


def test_a_wrong_size_ends_in_one_sentence(tool, tiny, photos, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    run = tool('index', photos, *model, '--tile-size', '3 miles')
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert (
        "tile size must be pixels, such as 256, or metres, such as 640m, got '3 miles'" in run.err
    )


def test_without_a_picture_it_ends_in_one_sentence(tool, tiny, photos, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    run = tool('index', photos / 'notes.txt', *model)
    assert run.code == 1
    assert run.err.startswith('error: no picture was indexed: 1 files')
    assert run.err.count('\n') == 1
    run = tool('index', tmp_path / 'absent', *model)
    assert (run.code, run.err.count('\n')) == (1, 1)
    assert 'absent does not exist' in run.err


def test_a_missing_model_is_named(tool, photos, tmp_path):
    run = tool('index', photos, '--model', 'gone.py', 'gone.pth', '--out', tmp_path / 'i')
    assert run.code == 1
    assert 'gone.py' in run.err and run.err.count('\n') == 1


def test_a_public_model_is_asked_for_by_name(tool, photos, tmp_path):
    done = tool('index', photos, '--model', 'remoteclip-vit', '--out', tmp_path / 'index')
    assert done.code == 1 and 'did you mean remoteclip-vit-' in done.err
    done = tool('index', photos, '--model', 'a', 'b', 'c', '--out', tmp_path / 'index')
    assert done.code == 1 and '--model takes CONFIG CKPT, a NAME or a FILE' in done.err
    done = tool(
        'index', photos, '--model', 'a.pt', '--layout', 'openai', '--out', tmp_path / 'index'
    )
    assert done.code == 1 and 'weight file a.pt does not exist' in done.err


def test_a_checkpoint_alone_takes_the_config_beside_it(tool, tiny, photos, tmp_path):
    tiny.config.rename(tiny.checkpoint.with_suffix('.py'))
    done = tool('index', photos, '--model', tiny.checkpoint, '--out', tmp_path / 'index')
    assert done.code == 0, done.err


def test_nothing_to_do_is_told(tool, tiny, tmp_path):
    run = tool('index', '--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    assert run.code == 2 and 'give a picture, a raster or a folder of them, or --remove' in run.err


def test_an_old_index_is_converted_by_one_command(tool, tmp_path):
    old_index(tmp_path / 'index', ['/p/a.png', '/p/b.png'], [(4, 4)] * 2, indexed=2)
    run = tool('convert_index', tmp_path / 'index')
    assert (run.code, run.out) == (0, f'{tmp_path / "index"}: 2 tiles converted\n')
    assert len(EmbeddingIndex(tmp_path / 'index')) == 2
    run = tool('convert_index', tmp_path / 'index')
    assert run.code == 1 and run.err.count('\n') == 1 and 'no index of an older pir_mm' in run.err


def test_watching_brings_it_up_to_date_until_it_is_interrupted(
    tool, tiny, photos, tmp_path, monkeypatch
):
    waited = []

    def wait(seconds):
        if seconds != 5:  # somebody else's
            return
        waited.append(seconds)
        if len(waited) == 2:
            (photos / 'a.png').unlink()
        elif len(waited) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr('time.sleep', wait)
    model = ('--model', tiny.config, tiny.checkpoint)
    run = tool('index', photos, *model, '--out', tmp_path / 'i', '--watch', 5, '--rebuild')
    assert waited == [5, 5, 5] and run.code == 130
    said = f'{tmp_path / "i"}: {{}} tiles indexed\n'
    assert run.out == said.format(5) + said.format(4)


def test_what_a_store_finds_is_told(tool, tiny, photos, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint, '--out', tmp_path / 'i')
    for number in range(9):
        (photos / f'{number}.png').write_bytes((photos / 'a.png').read_bytes())
    run = tool('index', photos, *model, '--store', 'faiss')
    assert run.code == 0, run.err
    counted, told = run.out.splitlines()
    assert counted == f'{tmp_path / "i"}: 14 tiles indexed'
    assert told.startswith('search by FAISS, which finds ') and told.endswith(' sentences')
    run = tool('index', photos, *model, '--store', 'lance')
    assert run.code == 1 and run.err.count('\n') == 1 and 'a store is auto' in run.err
