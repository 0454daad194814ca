"""The caption data set, alone and in a data loader."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from pir_mm.registry import DATASETS

PACK = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
RANDOM = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.RandomResizedCrop', scale=16, backend='cv2', interpolation='bicubic'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmpretrain.ColorJitter', brightness=0.4),
    PACK,
]
CAPTIONS = [['A pond .', 'Blue water', 'a pond'], ['a pond'], ['One pier', 'two piers', 'sea', 'x']]


@pytest.fixture
def three(make_set):
    return make_set(
        ('pond_1.png', 'train', CAPTIONS[0]),
        ('pond_2.png', 'train', CAPTIONS[1]),
        ('7.png', 'train', CAPTIONS[2], 'port'),
        ('airport_1.png', 'test', ['a runway', 'a pond']),
        ('9.png', 'test', ['a pond', 'A RUNWAY.']),
    )


def build(root, **options):
    return DATASETS.build(dict(type='pir_mm.CaptionDataset', data_root=str(root), **options))


def test_gives_one_item_per_caption(three):
    data = build(three)
    assert [data[n]['text'] for n in range(len(data))] == [
        ['a pond'], ['blue water'], ['a pond'], ['a pond'],
        ['one pier'], ['two piers'], ['sea'], ['x'],
    ]  # fmt: skip
    assert [data[n]['image_id'] for n in range(8)] == [0, 0, 0, 1, 2, 2, 2, 2]
    assert data[0]['img_path'] == str(three / 'images' / 'pond_1.png')


def test_scenes_are_those_of_all_splits(three):
    train, test = build(three), build(three, split='test', test_mode=True)
    assert train.metainfo['scenes'] == test.metainfo['scenes'] == ('airport', 'pond', 'port')
    assert [train[n]['scene'] for n in (0, 3, 4)] == [1, 1, 2]
    assert [test[n]['scene'] for n in range(2)] == [0, -1]


def test_scenes_given_decide_the_labels(three):
    data = build(three, scenes=['port', 'sea', 'pond', 'airport'])
    assert data.metainfo['scenes'] == ('port', 'sea', 'pond', 'airport')
    assert [data[n]['scene'] for n in (0, 4)] == [2, 0]
    with pytest.raises(ValueError, match=r'does not list: airport, port \(2 in all\)'):
        build(three, scenes=['pond'])


def test_labels_by_filename_are_the_authors(three):
    assert build(three, label='filename').metainfo['scenes'] == ('7', '9', 'airport', 'pond')


def test_evaluation_shares_captions(three):
    first, second = build(three, split='test', test_mode=True)
    assert first['text'] == first['captions'] == ['a runway', 'a pond']
    assert (second['text'], second['text_id'], second['caption_id']) == ([], [], [1, 0])


def test_evaluation_of_some_pictures_owns_all_their_captions(three):
    (only,) = build(three, split='test', test_mode=True, indices=[1])
    assert (only['text'], only['caption_id'], only['image_id']) == (
        ['a pond', 'a runway'],
        [0, 1],
        1,
    )
    assert len(build(three, indices=2)) == 2


@pytest.mark.parametrize('count', [1, 2, 9])
def test_draws_distinct_captions_anew_each_epoch(three, count):
    data = build(three, sampling='image', captions_per_image=count)
    assert len(data) == 3
    drawn = set()
    for epoch in range(20):
        item = data[epoch * 3 + 2]
        assert item['image_id'] == 2
        assert len(set(item['text'])) == len(item['text']) == min(count, 4)
        drawn.update(zip(item['text'], item['text_id'], strict=True))
    assert drawn == {('one pier', 2), ('two piers', 3), ('sea', 4), ('x', 5)}
    assert data[1]['text'] == ['a pond']


def seeded(root, seed):
    data = build(root, pipeline=RANDOM)
    data.item_seed = seed  # as the sampler does
    return data


def test_an_item_depends_on_seed_epoch_and_index(three):
    data, other = seeded(three, 1), seeded(three, 2)
    first = data[8 * 3 + 5]['inputs']
    torch.manual_seed(0)
    data[0]
    assert torch.equal(data[8 * 3 + 5]['inputs'], first)
    assert not torch.equal(data[0]['inputs'], data[2]['inputs'])  # the same picture and caption
    for different in (data[5], data[8 * 4 + 5], other[8 * 3 + 5]):
        assert not torch.equal(different['inputs'], first)


def test_the_seed_of_an_item_follows_seed_epoch_and_index_and_training_alone_has_it(three):
    data, other = seeded(three, 1), seeded(three, 2)
    first = data[8 * 3 + 5]['seed']
    assert data[8 * 3 + 5]['seed'] == first < 1 << 63
    others = (data[5]['seed'], data[8 * 3 + 4]['seed'], other[8 * 3 + 5]['seed'])
    assert len({first, *others}) == 4
    assert 'seed' not in build(three, pipeline=RANDOM, test_mode=True)[1]


def test_in_test_mode_an_item_is_always_the_same(three):
    data = build(three, pipeline=RANDOM, test_mode=True)
    assert torch.equal(data[1]['inputs'], data[1]['inputs'])


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('persistent', [False, True])
@pytest.mark.parametrize('seed', [None, 4])
def test_under_another_sampler_items_are_drawn_anew(three, workers, persistent, seed):
    init_default_scope('pir_mm')
    pipeline = [dict(type='pir_mm.LoadPicture'),
                dict(type='mmpretrain.RandomResizedCrop', scale=16),
                dict(type='mmpretrain.PackInputs', algorithm_keys=['text'])]  # fmt: skip
    loader = Runner.build_dataloader(
        dict(
            dataset=dict(type='pir_mm.CaptionDataset', data_root=str(three), sampling='image',
                         captions_per_image=2, pipeline=pipeline, seed=seed),
            batch_size=3,
            num_workers=workers,
            persistent_workers=persistent and workers > 0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        seed=3,
    )  # fmt: skip
    epochs = [next(iter(loader)) for _ in range(8)]
    crops = {epoch['inputs'].numpy().tobytes() for epoch in epochs}
    assert len(crops) == 8
    assert len({tuple(epoch['data_samples'][2].text) for epoch in epochs}) > 1


def test_counts_from_the_end_in_the_first_epoch(three):
    data = build(three)
    assert data[-1]['text'] == data[7]['text'] == ['x']


def batches(root, workers, epochs, scope='pir_mm'):
    init_default_scope(scope)
    dataset = dict(
        type='pir_mm.CaptionDataset', data_root=str(root), sampling='image',
        captions_per_image=2, pipeline=RANDOM,
    )  # fmt: skip
    loader = Runner.build_dataloader(
        dict(
            dataset=dataset,
            batch_size=2,
            num_workers=workers,
            persistent_workers=workers > 0,
            sampler=dict(type='pir_mm.EpochSampler', shuffle=True),
            collate_fn=dict(type='default_collate'),
        ),
        seed=3,
    )
    for epoch in epochs:
        loader.sampler.set_epoch(epoch)
        for batch in loader:
            yield batch['inputs'], [sample.text for sample in batch['data_samples']]


@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_workers_and_a_resume_change_nothing(three):
    alone = list(batches(three, 0, range(5)))
    shared = list(batches(three, 2, range(5), scope='mmpretrain'))
    resumed = list(batches(three, 0, range(3, 5)))
    assert len(alone) == 10
    for other in (shared, alone[:6] + resumed):
        for (images, texts), (same_images, same_texts) in zip(alone, other, strict=True):
            assert torch.equal(images, same_images)
            assert texts == same_texts
    assert alone[0][0].shape == (2, 3, 16, 16)
    assert alone[0][0].dtype == torch.uint8


def test_packs_for_the_model(three):
    data = build(three, split='test', test_mode=True, pipeline=[RANDOM[0], PACK])
    sample = data[1]['data_samples']
    assert sample.text == []
    assert sample.caption_id == [1, 0]
    assert (sample.image_id, sample.scene) == (1, -1)
    assert data[1]['inputs'].shape == (3, 24, 32)


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (dict(split='dev'), "no picture of split 'dev'; it has test, train"),
        (dict(sampling='both'), "sampling must be 'caption' or 'image', got 'both'"),
        (dict(label='folder'), "label must be 'class' or 'filename', got 'folder'"),
        (dict(cleaning='clip'), "cleaning must be 'pir' or 'none', got 'clip'"),
        (dict(captions_per_image=0), 'must be at least 1, got 0 and 30'),
        (dict(max_words=0), 'must be at least 1, got 5 and 0'),
    ],
)
def test_refuses_wrong_options(three, options, reason):
    with pytest.raises(ValueError, match=reason):
        build(three, **options)


def test_names_what_is_missing(three):
    with pytest.raises(FileNotFoundError, match='ucm/captions.json does not exist; make it by: py'):
        build(three.parent / 'ucm')
    (three / 'images' / '7.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 pictures are missing in .*images: 7.png; make'):
        build(three)
    assert len(build(three, split='test')) == 4


def test_names_an_empty_caption(make_set):
    with pytest.raises(ValueError, match='caption 1 of picture a.png is empty'):
        build(make_set(('a.png', 'train', ['a pond', '.'])))


def test_names_the_picture_that_a_transform_drops(three):
    with pytest.raises(ValueError, match='returned None for .*pond_1.png'):
        build(three, pipeline=[lambda results: None])[0]


def test_reads_the_file_late_if_asked(tmp_path):
    data = build(tmp_path / 'nothing', lazy_init=True)
    with pytest.raises(FileNotFoundError):
        len(data)


@pytest.mark.parametrize('indices', [None, [1]])
def test_another_model_reads_the_same_pictures_and_captions_in_its_own_way(three, indices):
    data = build(three, split='test', test_mode=True, indices=indices, label='filename')
    pipeline = [
        dict(type='pir_mm.LoadPicture'),
        dict(type='mmpretrain.Resize', scale=(8, 8)),
        dict(type='mmpretrain.PackInputs', algorithm_keys=['text']),
    ]
    other = data.read_as(dict(type='x', data_root='y', cleaning='none', pipeline=pipeline))
    assert len(other) == len(data)
    mine, others = (one.get_data_info(len(one) - 1) for one in (data, other))
    assert mine['captions'] == ['a pond', 'a runway']
    assert others['captions'] == ['a pond', 'A RUNWAY.']  # as it stands, so no copy of another
    for key in ('img_path', 'image_id', 'scene'):
        assert mine[key] == others[key]
    packed = other[len(other) - 1]
    assert packed['inputs'].shape == (3, 8, 8)
    assert packed['data_samples'].caption_id == others['caption_id']
    assert packed['data_samples'].image_id == mine['image_id']
    short = data.read_as(dict(pipeline=pipeline, max_words=1))
    assert short.get_data_info(0)['captions'][0] == 'a'
