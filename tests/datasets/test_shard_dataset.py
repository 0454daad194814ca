"""Pairs from shards: what an item holds, bad samples, and the same items after a resume."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from pir_mm.apis.data.sharding import make_shards
from pir_mm.datasets import BlockSampler, ShardDataset, collate_pairs
from pir_mm.files.pictures import read_picture
from tests.files.test_shards import write

PIPELINE = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.RandomCrop', crop_size=16),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'text_id', 'scene'],
        meta_keys=['image_id', 'img_path'],
    ),
]


def encoded(number, kind='PNG'):
    pixels = np.random.default_rng(number).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Two shards of 5 and 3 pairs; the second of the first is broken, one text is empty."""
    members = {}
    for number in range(8):
        members[f'{number}.img_content'] = b'broken' if number == 1 else encoded(number)
        text = ' ' if number == 3 else f'Picture {number % 4}, of a river'
        members[f'{number}.caption'] = text.encode()
        members[f'{number}.img_name'] = f'{number}.png'.encode()
    parts = list(members.items())
    write(tmp_path / 'a.tar', dict(parts[:15]))
    write(tmp_path / 'b.tar', dict(parts[15:]))
    return tmp_path


def test_an_item_holds_the_picture_and_the_text_as_they_are(folder, tmp_path):
    dataset = ShardDataset(str(folder))
    assert len(dataset) == 8 and dataset.metainfo == {'scenes': ()}
    item = dataset.get_data_info(5)
    assert item['img_bytes'] == encoded(5) and item['scene'] == -1
    assert item['text'] == ['Picture 1, of a river']
    assert item['img_path'] == f'{folder}/*.tar, 5.png'
    same, other = dataset.get_data_info(1), dataset.get_data_info(2)
    assert item['text_id'] == same['text_id'] != other['text_id']
    assert 0 <= item['text_id'][0] < 2**63


def test_samples_of_one_name_show_one_picture(folder, tmp_path):
    members = {}
    for number, name in enumerate(('a.png', 'b.png', 'a.png', None, None)):
        members[f'{number}.jpg'] = encoded(0)
        members[f'{number}.txt'] = f'text {number}'.encode()
        if name:
            members[f'{number}.img_name'] = name.encode()
    for place in ('one', 'two'):
        (tmp_path / place).mkdir()
        write(tmp_path / place / 'x.tar', members)
    dataset = ShardDataset([str(tmp_path / 'one'), str(tmp_path / 'two')], pipeline=PIPELINE)
    ids = [dataset.get_data_info(n)['image_id'] for n in range(10)]
    assert ids[0] == ids[2] and ids[3:5] == [3, 4] and ids[8:] == [8, 9]
    assert len(set(ids)) == 8  # a name stands for a picture in its own folder only
    batch = collate_pairs([dataset[n] for n in range(10)], tokenizer=letters)
    assert batch.image_id.tolist() == ids


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'TIFF', 'BMP', 'WEBP', 'JPEG2000'])
def test_a_picture_is_decoded_as_its_file_is(tmp_path, kind):
    (tmp_path / 'x').write_bytes(encoded(0, kind))
    write(tmp_path / 'a.tar', {'a.img_content': encoded(0, kind), 'a.txt': b'a'})
    dataset = ShardDataset(str(tmp_path / 'a.tar'), pipeline=PIPELINE[:1])
    np.testing.assert_array_equal(dataset[0]['img'], read_picture(tmp_path / 'x'))
    assert 'img_bytes' not in dataset[0]


def test_bad_samples_are_left_out_and_counted(folder, capsys):
    dataset = ShardDataset(str(folder), pipeline=PIPELINE)
    samples = [dataset[index] for index in range(8)]
    assert [sample is None for sample in samples] == [n in (1, 3) for n in range(8)]
    assert dataset.bad == 2
    batch = collate_pairs(samples, tokenizer=letters)
    assert batch.images.shape == (6, 3, 16, 16)
    ids = [dataset.get_data_info(number)['image_id'] for number in (0, 2, 4, 5, 6, 7)]
    assert batch.image_id.tolist() == ids
    with pytest.raises(ValueError, match='every sample of a batch was left out as bad'):
        collate_pairs([samples[1], samples[3]], tokenizer=letters)


def letters(texts):
    ids = torch.ones(len(texts), 3, dtype=torch.long)
    return ids, ids > 0


def batches(folder, epochs, start=0, workers=0):
    dataset = ShardDataset(str(folder), pipeline=PIPELINE)
    sampler = BlockSampler(dataset, samples_per_epoch=5, block=2, window=2, seed=7)
    loader = DataLoader(
        dataset, 3, sampler=sampler, num_workers=workers, collate_fn=Collate(),
        persistent_workers=workers > 0,
    )  # fmt: skip
    found = []
    for epoch in range(start, epochs):
        sampler.set_epoch(epoch)
        found += [(batch.image_id.tolist(), batch.images) for batch in loader]
    return found


class Collate:
    def __call__(self, samples):
        return collate_pairs(samples, tokenizer=letters)


@pytest.mark.parametrize('workers', [0, 2])
def test_a_resumed_run_goes_on_with_the_same_samples(folder, workers):
    whole = batches(folder, 4)
    resumed = batches(folder, 4, start=2, workers=workers)
    assert len(whole) == 8
    for (ids, images), (again, pixels) in zip(whole[4:], resumed, strict=True):
        assert ids == again and torch.equal(images, pixels)


def test_shards_of_a_set_hold_its_distinct_captions(scenes, tmp_path):
    (tmp_path / 'names.txt').write_text('# seen\n')
    samples, left_out = make_shards(
        scenes, tmp_path / 's', size=30, leave_out=tmp_path / 'names.txt'
    )
    dataset = ShardDataset(str(tmp_path / 's'))
    assert len(dataset) == samples and left_out == 0
    item = dataset.get_data_info(0)
    name = item['img_path'].rpartition(', ')[2]
    assert item['img_bytes'] == (scenes / 'images' / name).read_bytes()
    first = {path.name: path.read_bytes() for path in (tmp_path / 's').glob('*.tar')}
    assert len(first) == -(-samples // 30)
    make_shards(scenes, tmp_path / 's', size=30)
    assert first == {path.name: path.read_bytes() for path in (tmp_path / 's').glob('*.tar')}
    (tmp_path / 'names.txt').write_text(name)
    fewer, left_out = make_shards(scenes, tmp_path / 's', leave_out=tmp_path / 'names.txt')
    assert fewer < samples and left_out == 1
    names = {ShardDataset(str(tmp_path / 's')).get_data_info(n)['img_path'] for n in range(fewer)}
    assert not any(name in found for found in names)


def test_what_cannot_be_is_told(folder, scenes, tmp_path):
    with pytest.raises(FileNotFoundError, match='no shard at .*nowhere'):
        ShardDataset(str(tmp_path / 'nowhere/*.tar'))
    with pytest.raises(ValueError, match='cleaning must be'):
        ShardDataset(str(folder), cleaning='x')
    with pytest.raises(ValueError, match='size must be at least 1'):
        make_shards(scenes, tmp_path / 's', size=0)
    with pytest.raises(ValueError, match="no picture of split 'x'; it has"):
        make_shards(scenes, tmp_path / 's', split='x')
    (tmp_path / 'names.txt').write_text('z.png')
    with pytest.raises(ValueError, match='names z.png, which .* does not have'):
        make_shards(scenes, tmp_path / 's', leave_out=tmp_path / 'names.txt')
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'thesis.doc').write_text('x')
    with pytest.raises(ValueError, match='holds thesis.doc, which is no shard'):
        make_shards(scenes, tmp_path / 'full')
