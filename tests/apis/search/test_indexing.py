"""Indexing skips bad files, says which, and never damages an older index."""

import json
import os
import shutil
import sqlite3
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from PIL import Image

from pir_mm.apis.search.indexing import index_pictures
from pir_mm.apis.search.searching import search_index
from pir_mm.search import EmbeddingIndex, Tiling
from tests.search.filling import as_of_old
from tests.search.planted import plant
from tests.search.test_old_index import old_index


def names(index):
    return [Path(tile.source).name for tile in index.tiles(index.ids)]


def test_an_index_holds_the_vector_and_the_place_of_each_picture(colour_model, pictures, tmp_path):
    card = index_pictures([pictures], colour_model, tmp_path / 'index', checkpoint='best.pth')
    assert (card.indexed, card.skipped) == (4, ())
    index = EmbeddingIndex(tmp_path / 'index')
    assert names(index) == ['blue.jpg', 'green.png', 'grey.tif', 'red.png']
    expected = np.array([[0, 0, 1], [0, 1, 0], [3**-0.5] * 3, [1, 0, 0]])
    np.testing.assert_allclose(index.store.vectors(index.ids), expected, atol=0.02)
    assert index.tiles([1])[0].window == (0, 0, 13, 20)
    assert index.card.checkpoint.endswith('best.pth')


def test_the_folder_has_the_files_that_others_read(colour_model, pictures, tmp_path):
    out = tmp_path / 'deep' / 'index'
    index_pictures([pictures], colour_model, out)
    assert {'index.json', 'tiles.sqlite', 'vectors', 'footprints.gpkg'} <= {
        p.name for p in out.iterdir()
    }
    assert [p.name for p in out.parent.iterdir()] == ['index']
    card = json.loads((out / 'index.json').read_text())
    assert (card['indexed'], card['skipped'], card['reasons']) == (4, 0, {})
    assert set(card['model']['fingerprint']) == {
        'config_sha256',
        'weights_sha256',
        'vocab_sha256',
        'text_sha256',
        'width',
        'pir_mm',
    }
    assert pyogrio.list_layers(out / 'footprints.gpkg')[:, 0].tolist() == ['tiles']


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


@pytest.fixture
def counted(colour_model):
    """Counts the pictures that the model embeds."""
    encode, counts = colour_model.encode_image, []

    def count(images):
        counts.append(len(images))
        return encode(images)

    colour_model.encode_image = count
    return counts


def test_nothing_is_embedded_twice(colour_model, pictures, tmp_path, counted):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert counted == [4] and card.indexed == 4
    card = index_pictures([pictures], colour_model, tmp_path / 'index', rebuild=True)
    assert counted == [4, 4] and card.indexed == 4


def test_a_new_a_changed_and_a_lost_picture(colour_model, pictures, tmp_path, counted):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    before = EmbeddingIndex(tmp_path / 'index')
    (pictures / 'red.png').unlink()
    Image.new('RGB', (30, 30), (0, 255, 0)).save(pictures / 'blue.jpg')
    Image.new('RGB', (9, 9), (0, 0, 255)).save(pictures / 'new.png')
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert counted == [4, 2] and card.indexed == 4
    after = EmbeddingIndex(tmp_path / 'index')
    assert names(after) == ['green.png', 'grey.tif', 'blue.jpg', 'new.png']
    blue = after.search(np.array([[0, 1, 0]]), top_k=2).ids[0]
    assert {Path(tile.source).name for tile in after.tiles(blue)} == {'green.png', 'blue.jpg'}
    assert names(before) == names_of_good()


def test_another_folder_is_added_and_the_first_stays(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    other = tmp_path / 'other'
    other.mkdir()
    Image.new('RGB', (9, 9), (0, 0, 255)).save(other / 'new.png')
    assert index_pictures([other], colour_model, tmp_path / 'index').indexed == 5
    (pictures / 'red.png').unlink()
    assert index_pictures([other], colour_model, tmp_path / 'index').indexed == 5
    assert index_pictures([pictures, other], colour_model, tmp_path / 'index').indexed == 4


def test_sources_are_taken_out_whether_they_are_there_or_not(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    (pictures / 'red.png').unlink()
    gone = [pictures / 'red.png', pictures / 'blue.jpg']
    card = index_pictures([], colour_model, tmp_path / 'index', remove=gone)
    assert card.indexed == 2 and names(EmbeddingIndex(tmp_path / 'index')) == names_of_good()[1:3]
    with pytest.raises(ValueError, match='no picture was indexed'):
        index_pictures([], colour_model, tmp_path / 'index', remove=[pictures])
    assert len(EmbeddingIndex(tmp_path / 'index')) == 2


def test_a_folder_that_lost_all_its_files_may_not_be_mounted(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    for path in pictures.iterdir():
        path.unlink()
    with pytest.raises(
        ValueError, match='has no files, but 4 files of the index were there: mount'
    ):
        index_pictures([pictures], colour_model, tmp_path / 'index')
    assert len(EmbeddingIndex(tmp_path / 'index')) == 4


def test_the_content_decides_where_that_is_asked_for(colour_model, pictures, tmp_path, counted):
    index_pictures([pictures], colour_model, tmp_path / 'index', checksum=True)
    os.utime(pictures / 'red.png', (5, 5))
    index_pictures([pictures], colour_model, tmp_path / 'index', checksum=True)
    index_pictures([pictures], colour_model, tmp_path / 'index')
    assert counted == [4]
    old = os.stat(pictures / 'green.png')
    content = (pictures / 'green.png').read_bytes()
    (pictures / 'green.png').write_bytes(content[:-1] + b'!')
    os.utime(pictures / 'green.png', ns=(old.st_atime_ns, old.st_mtime_ns))
    index_pictures([pictures], colour_model, tmp_path / 'index')
    assert counted == [4]
    index_pictures([pictures], colour_model, tmp_path / 'index', checksum=True)
    assert counted == [4, 1]


def test_a_broken_file_is_tried_again_and_found_when_it_is_well(colour_model, pictures, tmp_path):
    good = (pictures / 'red.png').read_bytes()
    (pictures / 'red.png').write_bytes(b'')
    assert index_pictures([pictures], colour_model, tmp_path / 'index').indexed == 3
    (pictures / 'red.png').write_bytes(good)
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert (card.indexed, card.skipped) == (4, ())
    (pictures / 'red.png').write_bytes(b'')
    card = index_pictures([pictures], colour_model, tmp_path / 'index')
    assert card.indexed == 3 and card.skipped[0].source.endswith('red.png')


def test_a_run_that_breaks_keeps_its_batches_and_the_next_goes_on(
    colour_model, pictures, tmp_path, counted
):
    encode = colour_model.encode_image

    def breaks_later(images):
        if len(counted) == 2:
            raise MemoryError
        return encode(images)

    colour_model.encode_image = breaks_later
    plant(pictures / 'map.tif', 512, 256, [('red', 128, 128)], side=256)
    with pytest.raises(MemoryError):
        index_pictures([pictures], colour_model, tmp_path / 'index', batch_size=2)
    assert counted == [2, 2] and len(EmbeddingIndex(tmp_path / 'index')) == 4
    colour_model.encode_image = encode
    card = index_pictures([pictures], colour_model, tmp_path / 'index', batch_size=2)
    assert sum(counted) == 6 and card.indexed == 6
    index = EmbeddingIndex(tmp_path / 'index')
    assert len({(tile.source, tile.window) for tile in index.tiles(index.ids)}) == 6


def test_a_raster_that_was_begun_goes_on_behind_its_last_batch(
    colour_model, pictures, tmp_path, counted
):
    plant(pictures / 'map.tif', 1024, 512, [('red', 900, 400)], side=200)
    encode = colour_model.encode_image

    def breaks_later(images):
        if sum(counted) >= 6:
            raise MemoryError
        return encode(images)

    colour_model.encode_image = breaks_later
    with pytest.raises(MemoryError):
        index_pictures([pictures / 'map.tif'], colour_model, tmp_path / 'index', batch_size=3)
    assert len(EmbeddingIndex(tmp_path / 'index')) == 6
    colour_model.encode_image = encode
    card = index_pictures([pictures / 'map.tif'], colour_model, tmp_path / 'index')
    assert counted == [3, 3, 2] and card.indexed == 8
    index = EmbeddingIndex(tmp_path / 'index')
    best = index.search(np.array([[1, 0, 0]]), top_k=1).ids[0]
    assert index.tiles(best)[0].window == (768, 256, 256, 256)


def test_an_old_index_is_converted_on_the_way(colour_model, pictures, tmp_path, counted):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    index = EmbeddingIndex(tmp_path / 'index')
    fingerprint = asdict(index.fingerprint)
    sources = [tile.source for tile in index.tiles(index.ids)]
    sizes = [tile.window[2:] for tile in index.tiles(index.ids)]
    shutil.rmtree(tmp_path / 'index')
    model = {'config': None, 'checkpoint': None, 'fingerprint': {**fingerprint, 'width': 4}}
    old_index(tmp_path / 'index', sources, sizes, model=model, skipped_files=[])
    assert index_pictures([pictures], colour_model, tmp_path / 'index').indexed == 4
    assert len(EmbeddingIndex(tmp_path / 'index')) == 4 and counted == [4]


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


def test_an_archive_that_moved_is_not_embedded_again(colour_model, pictures, tmp_path, counted):
    index_pictures([pictures], colour_model, tmp_path / 'in' / 'index')
    (tmp_path / 'there').mkdir()
    pictures.rename(tmp_path / 'there' / 'photos')
    moved = tmp_path / 'there' / 'photos'
    (moved / 'red.png').unlink()
    Image.new('RGB', (9, 9), (0, 0, 255)).save(moved / 'new.png')
    card = index_pictures([moved], colour_model, tmp_path / 'in' / 'index', root=moved)
    assert counted == [4, 1] and card.indexed == 4 and card.root == str(moved)
    index = EmbeddingIndex(tmp_path / 'in' / 'index')
    assert {Path(tile.source).parent for tile in index.tiles(index.ids)} == {moved}


def test_files_that_lie_elsewhere_and_are_lost_are_told(colour_model, pictures, tmp_path):
    assert index_pictures([pictures], colour_model, tmp_path / 'index').lost == ()
    shutil.copytree(pictures, tmp_path / 'there')
    (pictures / 'red.png').unlink()
    assert index_pictures([pictures], colour_model, tmp_path / 'index').lost == ()  # it is gone
    old = sorted(map(str, pictures.iterdir()))
    shutil.rmtree(pictures)
    card = index_pictures([tmp_path / 'there'], colour_model, tmp_path / 'index')
    assert sorted(card.lost) == old and len(old) == 3 and card.indexed == 3 + 4
    card = index_pictures([], colour_model, tmp_path / 'index', remove=[pictures])
    assert card.lost == () and card.indexed == 4


def test_the_precision_of_an_index_is_that_of_its_queries(colour_model, pictures, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    Image.fromarray(noise).save(pictures / 'noise.png')
    for given, kept in (('fp32', 'fp32'), (None, 'fp32'), ('bf16', 'fp32')):
        index_pictures([pictures], colour_model, tmp_path / 'a', precision=given)
        assert EmbeddingIndex(tmp_path / 'a').precision == kept
    index_pictures([pictures], colour_model, tmp_path / 'b', precision='bf16')
    for name in ('a', 'b'):
        index = EmbeddingIndex(tmp_path / name)
        ranking = search_index(index, colour_model, image=pictures / 'noise.png', top_k=1)
        assert ranking.scores[0, 0] == pytest.approx(1, abs=1e-6)
    with pytest.raises(ValueError, match="precision must be bf16 or fp32, got 'fp8'"):
        index_pictures([pictures], colour_model, tmp_path / 'a', precision='fp8')


def test_a_log_tells_what_was_done(colour_model, pictures, tmp_path):
    index_pictures([pictures], colour_model, tmp_path / 'index')
    (pictures / 'red.png').unlink()
    index_pictures([pictures], colour_model, tmp_path / 'index')
    log = (tmp_path / 'index' / 'index.log').read_text()
    assert ' 4 new\n' in log and ' 1 gone, 3 as before\n' in log
    assert ' 4 tiles of 4 of 4 files, 100%, ' in log


def test_an_index_of_an_older_pir_mm_learns_dates_without_embedding(
    colour_model, tmp_path, monkeypatch
):
    photos = tmp_path / 'photos'
    photos.mkdir()
    plant(photos / 'S2_20200229T1.tif', 300, 256, [('red', 60, 60)])
    Image.new('RGB', (9, 9), 'red').save(photos / 'a.png')
    index_pictures([photos], colour_model, tmp_path / 'index')
    before = EmbeddingIndex(tmp_path / 'index').tiles(range(3))
    as_of_old(tmp_path / 'index' / 'tiles.sqlite')
    assert EmbeddingIndex(tmp_path / 'index').tiles([0])[0].date is None
    monkeypatch.setattr(colour_model, 'encode_image', None)
    index_pictures([photos], colour_model, tmp_path / 'index')
    tiles = EmbeddingIndex(tmp_path / 'index').tiles(range(3))
    assert tiles == before and [tile.date for tile in tiles] == ['2020-02-29', '2020-02-29', None]
    with sqlite3.connect(tmp_path / 'index' / 'tiles.sqlite') as base:
        rows = base.execute('SELECT date_from, gsd FROM sources ORDER BY id').fetchall()
    assert rows == [('name', pytest.approx(0.5, rel=1e-3)), ('', None)]
