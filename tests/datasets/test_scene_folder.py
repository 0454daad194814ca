import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from pir_mm.registry import DATASETS


@pytest.fixture
def folder(tmp_path):
    for scene, count in (('Port', 4), ('Airport', 10)):
        (tmp_path / scene).mkdir()
        for number in range(count):
            (tmp_path / scene / f'{number}.jpg').touch()
        (tmp_path / scene / 'notes.txt').touch()
    (tmp_path / 'empty').mkdir()
    return tmp_path


def build(folder, **changes):
    return DATASETS.build(dict(type='pir_mm.SceneFolder', data_root=str(folder)) | changes)


def paths(dataset):
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]


def test_takes_the_share_of_each_class(folder):
    train = build(folder, train_ratio=0.5)
    labels = [train.get_data_info(i)['gt_label'] for i in range(len(train))]
    assert labels == [0] * 5 + [1] * 2
    assert train.metainfo['classes'] == ('Airport', 'Port')


@pytest.mark.parametrize('ratio', [0.2, 0.5])
def test_train_and_test_are_the_whole_and_share_nothing(folder, ratio):
    train = paths(build(folder, split='train', train_ratio=ratio))
    test = paths(build(folder, split='test', train_ratio=ratio))
    assert len(set(train) | set(test)) == len(train) + len(test) == 14


def test_the_draw_is_a_function_of_the_seed(folder):
    draws = [paths(build(folder, seed=seed)) for seed in (0, 0, 1, 2, 3)]
    assert draws[0] == draws[1]
    assert any(draw != draws[0] for draw in draws[2:])


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [({'split': 'val'}, "'train' or 'test', got 'val'"), ({'train_ratio': 1.0}, 'got 1.0')],
)
def test_says_what_is_wrong(folder, changes, reason):
    with pytest.raises(ValueError, match=reason):
        build(folder, **changes)


def test_says_that_there_are_no_class_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match='each class is a folder'):
        build(tmp_path)


def test_a_part_of_it(folder):
    whole = paths(build(folder))
    assert paths(build(folder, indices=3)) == whole[:3]
    assert paths(build(folder, indices=[0, 6])) == [whole[0], whole[6]]


def loader(folder, workers=0):
    init_default_scope('pir_mm')
    pipeline = [
        dict(type='pir_mm.LoadPicture'),
        dict(type='mmpretrain.RandomResizedCrop', scale=16),
        dict(type='mmpretrain.PackInputs'),
    ]
    dataset = dict(type='pir_mm.SceneFolder', data_root=str(folder), pipeline=pipeline)
    sampler = dict(type='pir_mm.EpochSampler', shuffle=True)
    return Runner.build_dataloader(
        dict(
            dataset=dataset,
            batch_size=4,
            num_workers=workers,
            sampler=sampler,
            persistent_workers=workers > 0,
            collate_fn=dict(type='default_collate'),
        ),
        seed=3,
    )


def epochs_of(built, epochs):
    for epoch in epochs:
        built.sampler.set_epoch(epoch)
        yield torch.cat([batch['inputs'] for batch in built])


@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_a_resumed_run_sees_the_batches_of_an_unbroken_one(tmp_path, draw_picture):
    for scene in ('Port', 'Airport'):
        for number in range(8):
            draw_picture(tmp_path / scene / f'{number}.png', seed=number)
    whole = list(epochs_of(loader(tmp_path), range(4)))
    resumed = list(epochs_of(loader(tmp_path, workers=1), range(2, 4)))
    assert all(map(torch.equal, whole[2:], resumed))
    assert not torch.equal(whole[0].sort(0).values, whole[1].sort(0).values)


def test_what_is_left_out_belongs_to_no_split_and_moves_nothing_else(folder, tmp_path):
    names = tmp_path / 'copies.txt'
    names.write_text('# seen by a test set\nAirport/3.jpg\n\nPort/0.jpg\n')
    for split in ('train', 'test'):
        kept = [path for path in paths(build(folder, split=split))
                if not path.endswith(('Airport/3.jpg', 'Port/0.jpg'))]  # fmt: skip
        assert paths(build(folder, split=split, leave_out=str(names))) == kept
    names.write_text('Airport/3.jpg\nHarbour/1.jpg\nHarbour/2.jpg\n')
    with pytest.raises(ValueError, match='copies.txt names Harbour/1.jpg, Harbour/2.jpg, which .*'):
        build(folder, leave_out=str(names))
