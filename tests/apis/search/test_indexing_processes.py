"""Several processes index what one would, with vectors of their own that are joined at once."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from filelock import FileLock
from PIL import Image
from rasterio.windows import Window

from pir_mm.apis.search import tile_reading
from pir_mm.apis.search.archive import FoundFile
from pir_mm.apis.search.indexing import index_pictures
from pir_mm.apis.search.tile_reading import Share
from pir_mm.search import EmbeddingIndex, Stamp
from tests.conftest import ROOT
from tests.search.planted import plant

FILES = [FoundFile(f'/a/{n}', Stamp(2**27 if n % 3 == 0 else 9, 0)) for n in range(10)]


@pytest.mark.parametrize('world', [1, 2, 3, 7])
def test_shares_are_all_tiles_once(world, monkeypatch):
    monkeypatch.setattr(tile_reading, 'RUN', 4)
    shares = [Share.of(FILES, rank, world) for rank in range(world)]
    seen = [
        (file.path, window)
        for share in shares
        for file in share.of_files(FILES)
        for window in share.of_windows(file.path, range(50 if share.is_shared(file.path) else 1))
    ]
    assert len(seen) == len(set(seen))
    assert {path for path, _ in seen} == {file.path for file in FILES}
    assert len(seen) == (10 if world == 1 else 4 * 50 + 6)


RUN = """
import os, runpy, sys, time
from pir_mm.apis.search import index_pictures, join_index_group, tile_reading
from torch import distributed
tile_reading.LARGE_BYTES, tile_reading.RUN = 100_000, 3
ColourModel = runpy.run_path(sys.argv[3])['ColourModel']
model = ColourModel()
join_index_group()
if len(sys.argv) > 4:
    encode, calls = model.encode_image, []
    def slow(images):
        calls.append(1)
        if len(calls) > 2:
            print(os.getpid(), flush=True)
            time.sleep(60)
        return encode(images)
    model.encode_image = slow
card = index_pictures([sys.argv[1]], model, sys.argv[2], batch_size=2)
counts = card and (card.indexed, card.sources, card.without_data, card.reasons)
print(distributed.get_rank(), counts)
"""


def torchrun(tmp_path, *more):
    script = tmp_path / 'run.py'
    script.write_text(RUN)
    launch = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2']
    arguments = [str(tmp_path / 'pictures'), str(tmp_path / 'shared')]
    conftest = str(ROOT / 'tests' / 'apis' / 'conftest.py')
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    return subprocess.Popen(
        [*launch, str(script), *arguments, conftest, *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def content(folder):
    index = EmbeddingIndex(folder)
    tiles = index.tiles(index.ids)
    vectors = index.store.vectors(index.ids)
    rows = [
        (tile.source, tile.window, tile.transform, tile.footprint, vector.tolist())
        for tile, vector in zip(tiles, vectors, strict=True)
    ]
    return sorted(rows, key=lambda row: row[:2])


@pytest.fixture
def archive(pictures):
    """Small pictures, a broken one, and a raster that is shared, with a row of empty tiles."""
    plant(pictures / 'map.tif', 1536, 1024, [('red', 900, 900)], side=90)
    with rasterio.open(pictures / 'map.tif', 'r+') as raster:
        raster.write(np.zeros((3, 256, 1536), np.uint8), window=Window(0, 256, 1536, 256))
    for number in range(5):
        Image.new('RGB', (9, 9), (0, 50 * number, 255)).save(pictures / f'{number}.png')
    (pictures / 'broken.png').write_bytes(b'')
    return pictures


@pytest.mark.slow
def test_two_processes_make_the_index_of_one(colour_model, archive, tmp_path):
    card = index_pictures([archive], colour_model, tmp_path / 'alone')
    done = torchrun(tmp_path)
    out, err = done.communicate(timeout=250)
    assert done.returncode == 0, err[-3000:]
    assert sorted(out.splitlines()) == ["0 (27, 10, 6, {'not a picture': 1})", '1 None']
    assert (card.indexed, card.sources, card.without_data) == (27, 10, 6)
    assert content(tmp_path / 'shared') == content(tmp_path / 'alone')
    assert len(list((tmp_path / 'shared' / 'vectors').iterdir())) == 2
    assert not (tmp_path / 'shared' / 'parts').exists()
    encoded = colour_model.image_batches.copy()
    index_pictures([archive], colour_model, tmp_path / 'shared')
    assert colour_model.image_batches == encoded


@pytest.mark.slow
def test_what_a_killed_group_has_done_is_kept(colour_model, archive, tmp_path):
    index_pictures([archive], colour_model, tmp_path / 'alone')
    group = torchrun(tmp_path, 'slow')
    for process in (int(group.stdout.readline()), int(group.stdout.readline()), group.pid):
        os.kill(process, signal.SIGKILL)
    group.wait()
    with FileLock(tmp_path / 'shared' / 'writer.lock', timeout=60):
        pass  # a process that was killed takes a moment to let go
    begun = len(EmbeddingIndex(tmp_path / 'shared'))
    assert begun == 4  # of the first process; the part of the other is there, not joined
    colour_model.image_batches.clear()
    card = index_pictures([archive], colour_model, tmp_path / 'shared')
    assert sum(colour_model.image_batches) == 27 - 8
    assert (card.indexed, card.without_data) == (27, 6)
    assert content(tmp_path / 'shared') == content(tmp_path / 'alone')


@pytest.mark.slow
def test_an_error_of_the_first_ends_all(archive, tmp_path):
    (tmp_path / 'shared').mkdir()
    (tmp_path / 'shared' / 'notes.txt').touch()
    group = torchrun(tmp_path)
    _, err = group.communicate(timeout=250)
    assert group.returncode != 0
    assert "holds 'notes.txt', so it is not an index" in err
