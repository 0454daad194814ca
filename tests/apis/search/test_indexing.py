"""Indexing skips bad files, says which, and never damages an older index."""

import json
import os
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from PIL import Image

from pir_mm.apis.search.indexing import index_pictures
from pir_mm.search import EmbeddingIndex, Tiling
from tests.search.planted import plant


def names(index):
    return [Path(tile.source).name for tile in index.tiles(range(len(index)))]


def test_an_index_holds_the_vector_and_the_place_of_each_picture(colour_model, pictures, tmp_path):
    card = index_pictures([pictures], colour_model, tmp_path / 'index', checkpoint='best.pth')
    assert (card.indexed, card.skipped) == (4, ())
    index = EmbeddingIndex(tmp_path / 'index')
    assert names(index) == ['blue.jpg', 'green.png', 'grey.tif', 'red.png']
    expected = np.array([[0, 0, 1], [0, 1, 0], [3**-0.5] * 3, [1, 0, 0]])
    np.testing.assert_allclose(index.store.vectors, expected, atol=0.02)
    assert index.tiles([1])[0].window == (0, 0, 13, 20)
    assert index.card.checkpoint.endswith('best.pth')


def test_the_folder_has_the_three_files_that_others_read(colour_model, pictures, tmp_path):
    out = tmp_path / 'deep' / 'index'
    index_pictures([pictures], colour_model, out)
    assert sorted(p.name for p in out.iterdir()) == ['index.json', 'tiles.gpkg', 'vectors.npy']
    assert [p.name for p in out.parent.iterdir()] == ['index']
    vectors = np.load(out / 'vectors.npy', allow_pickle=False)
    assert (vectors.shape, vectors.dtype) == ((4, 3), np.float32)
    card = json.loads((out / 'index.json').read_text())
    assert (card['indexed'], card['skipped'], card['reasons']) == (4, 0, {})
    assert set(card['model']['fingerprint']) == {
        'config_sha256',
        'weights_sha256',
        'vocab_sha256',
        'width',
        'pir_mm',
    }
    assert pyogrio.list_layers(out / 'tiles.gpkg')[:, 0].tolist() == ['tiles']


def test_bad_files_are_skipped_with_their_reasons(colour_model, pictures, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(pictures / 'cut.jpg')
    (pictures / 'cut.jpg').write_bytes((pictures / 'cut.jpg').read_bytes()[:2000])
    (pictures / 'empty.png').touch()
    (pictures / 'notes.txt').write_text('a red lake')
    (pictures / 'web.png').write_text('<html>not found</html>')
    Image.new('L', (200, 200)).save(pictures / 'large.png')
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert card.indexed == 4
    assert card.reasons == {'not a picture': 3, 'cannot be decoded': 1, 'too many pixels': 1}
    reasons = {Path(entry.source).name: entry.reason for entry in card.skipped}
    assert reasons['notes.txt'] == 'not a picture: .txt ending'
    assert reasons['web.png'] == 'not a picture: unknown content'
    assert reasons['large.png'] == 'too many pixels: 200 x 200 is above 10000'
    assert names(EmbeddingIndex(tmp_path / 'index')) == names_of_good()


@pytest.mark.skipif(os.name != 'posix', reason='other systems allow no such names')
def test_what_a_disk_may_hold_costs_nobody_the_index(colour_model, pictures, tmp_path, monkeypatch):
    os.mkfifo(pictures / 'pipe.jpg')
    Path(os.fsdecode(os.fsencode(pictures) + b'/\xff.png')).write_bytes(b'')
    (pictures / 'gone.png').symlink_to(pictures / 'nowhere.png')
    (pictures / 'closed').mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith('closed'):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', refuse)
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert card.indexed == 4
    skipped = {entry.source.rpartition('/')[2]: entry.reason for entry in card.skipped}
    assert skipped['pipe.jpg'] == 'not a picture: it is no regular file'
    assert skipped[r'\xff.png'] == 'name is not in UTF-8: rename it'
    assert skipped['closed'] == 'cannot be read: Permission denied'
    assert 'does not exist' in skipped['gone.png']
    assert names(EmbeddingIndex(tmp_path / 'index')) == names_of_good()
    assert card.skipped_by_reason['cannot be read'] == [str(pictures / 'closed')]


def names_of_good():
    return ['blue.jpg', 'green.png', 'grey.tif', 'red.png']


@pytest.mark.parametrize('batch_size', [1, 2, 32])
def test_vectors_and_places_stay_together_when_files_fail_in_between(
    colour_model, pictures, tmp_path, batch_size
):
    for name in ('a.png', 'h.png', 'z.png'):
        (pictures / name).write_text('broken')
    index_pictures([pictures], colour_model, tmp_path / 'index', batch_size=batch_size)
    index = EmbeddingIndex(tmp_path / 'index')
    assert names(index) == names_of_good()
    assert index.search([[1, 0, 0]], top_k=1).ids.tolist() == [[3]]


def test_pictures_named_twice_are_indexed_once(colour_model, pictures, tmp_path):
    sources = [pictures / 'red.png', str(pictures), pictures / '..' / 'pictures' / 'grey.tif']
    assert index_pictures(sources, colour_model, tmp_path / 'index').indexed == 4
    assert names(EmbeddingIndex(tmp_path / 'index'))[0] == 'red.png'


def test_a_picture_named_by_itself_needs_no_ending(colour_model, pictures, tmp_path):
    (pictures / 'red.png').rename(tmp_path / 'scan')
    assert index_pictures(tmp_path / 'scan', colour_model, tmp_path / 'index').indexed == 1


def test_an_index_inside_the_folder_of_pictures_does_not_index_itself(colour_model, pictures):
    for _ in range(2):
        card = index_pictures([pictures], colour_model, pictures / 'index')
        assert (card.indexed, card.skipped) == (4, ())


def test_without_a_single_picture_it_says_why(colour_model, pictures, tmp_path):
    (tmp_path / 'notes').mkdir()
    with pytest.raises(ValueError, match='no picture was indexed: .*notes has no files'):
        index_pictures([tmp_path / 'notes'], colour_model, tmp_path / 'index')
    (tmp_path / 'notes' / 'a.txt').touch()
    with pytest.raises(ValueError, match=r'1 files .* were tried; .*a\.txt is not a picture'):
        index_pictures([tmp_path / 'notes'], colour_model, tmp_path / 'index')
    assert not (tmp_path / 'index').exists()
    with pytest.raises(FileNotFoundError, match='absent does not exist'):
        index_pictures([tmp_path / 'absent'], colour_model, tmp_path / 'index')


def test_a_run_that_breaks_leaves_the_last_good_index(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    encode, calls = colour_model.encode_image, []

    def breaks_later(images):
        calls.append(1)
        if len(calls) == 3:
            raise MemoryError
        return encode(images)

    colour_model.encode_image = breaks_later
    with pytest.raises(MemoryError):
        index_pictures([pictures], colour_model, tmp_path / 'index', batch_size=1)
    assert names(EmbeddingIndex(tmp_path / 'index')) == names_of_good()
    assert sorted(p.name for p in tmp_path.iterdir()) == ['index', 'pictures']


def test_never_replaces_a_folder_of_other_things(colour_model, pictures):
    with pytest.raises(ValueError, match=r"holds 'blue.jpg', so it is not an index"):
        index_pictures([pictures], colour_model, pictures)
    assert (pictures / 'blue.jpg').exists()


def test_an_archive_of_both_is_cut_and_found_by_tile(colour_model, pictures, tmp_path):
    plant(pictures / 'map.tif', 600, 520, [('red', 100, 400)], side=200)
    card = index_pictures([pictures], colour_model, tmp_path / 'index', tiling=Tiling(256))
    assert card.indexed == 4 + 9
    index = EmbeddingIndex(tmp_path / 'index')
    (red,) = index.search([[1, 0, 0]], top_k=2).ids
    (picture, tile) = index.tiles(red)
    assert picture.source.endswith('red.png') and picture.crs is None
    assert tile.source.endswith('map.tif') and tile.window == (0, 256, 256, 256)
    assert tile.crs == 'EPSG:32633'
    assert tile.transform == (0.5, 0, 400_000, 0, -0.5, 5_500_000 - 128)


def test_a_source_without_data_is_told(colour_model, pictures, tmp_path):
    plant(pictures / 'sea.tif', 300, 300, [], nodata=0)
    with rasterio.open(pictures / 'sea.tif', 'r+') as raster:
        raster.write(np.zeros((3, 300, 300), np.uint8))
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert card.indexed == 4
    assert [entry.reason for entry in card.skipped] == ['no data: all of it is masked or 0']


def test_a_broken_part_of_a_raster_costs_that_part_only(colour_model, pictures, tmp_path):
    plant(pictures / 'map.tif', 512, 512, [])
    os.truncate(pictures / 'map.tif', os.path.getsize(pictures / 'map.tif') - 1000)
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert card.indexed == 4 + 3
    (broken,) = card.skipped
    assert broken.source.endswith('map.tif') and broken.reason.startswith('cannot be decoded: ')
