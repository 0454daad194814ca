"""Caption sets joined to one."""

import pytest
import torch
from mmengine.dataset import ConcatDataset
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from pir_mm.datasets import CaptionDataset, CaptionMixture
from pir_mm.registry import DATA_SAMPLERS

FIRST = [
    ('1.png', 'train', ['a pond', 'a pier'], 'pond'),
    ('2.png', 'train', ['a road'], 'road'),
    ('3.png', 'train', ['sea'], None),
]
SECOND = [
    ('1.png', 'train', ['a pond', 'a boat'], 'harbour'),
    ('4.png', 'train', ['a pier', 'two piers', 'three'], 'pond'),
]


@pytest.fixture
def parts(make_set):
    roots = [make_set(*FIRST, name='first'), make_set(*SECOND, name='second')]

    def parts(**options):
        options = {'sampling': 'image'} | options
        return [CaptionDataset(data_root=str(root), **options) for root in roots]

    return parts


def infos(mixture):
    return [mixture.get_data_info(index) for index in range(len(mixture))]


def test_numbers_every_image_text_and_scene_once(parts):
    mixture = CaptionMixture(parts())
    assert len(mixture) == 5
    items = infos(mixture)
    assert [item['image_id'] for item in items] == [0, 1, 2, 3, 4]
    assert mixture.metainfo['scenes'] == ('harbour', 'pond', 'road')
    assert [item['scene'] for item in items] == [1, 2, -1, 0, 1]
    pairs = {(n, t) for item in items for n, t in zip(item['text_id'], item['text'], strict=True)}
    assert len(pairs) == len({n for n, _ in pairs}) == len({t for _, t in pairs}) == 7
    assert sorted(n for n, _ in pairs) == list(range(7))
    assert [item['img_path'].split('/')[-3] for item in items] == ['first'] * 3 + ['second'] * 2


@pytest.mark.parametrize('sampling', ['image', 'caption'])
def test_the_epoch_reaches_the_items_of_every_part(parts, sampling):
    mixture = CaptionMixture(parts(sampling=sampling, captions_per_image=1))
    sampler = DATA_SAMPLERS.build(
        dict(type='pir_mm.EpochSampler', dataset=mixture, seed=3, shuffle=False)
    )
    epochs = []
    for epoch in range(6):
        sampler.set_epoch(epoch)
        epochs.append([tuple(mixture[key]['text']) for key in sampler])
    assert all(len(texts) == len(mixture) for texts in epochs)
    if sampling == 'image':
        assert len({texts[-1] for texts in epochs}) > 1
    sampler.set_epoch(4)
    assert [tuple(mixture[key]['text']) for key in sampler] == epochs[4]


def test_a_part_of_a_set_may_be_joined(parts):
    mixture = CaptionMixture([parts(indices=[1])[0], parts()[1]])
    items = infos(mixture)
    assert [item['text'] for item in items] == [['a road'], ['a pond', 'a boat'], SECOND[1][2]]
    assert [number for item in items for number in item['text_id']] == list(range(6))
    assert len({item['image_id'] for item in items}) == 3


def test_in_test_mode_captions_have_the_ids_of_their_words(parts):
    mixture = CaptionMixture(parts(test_mode=True))
    captions = [dict(zip(i['captions'], i['caption_id'], strict=True)) for i in infos(mixture)]
    assert captions[0]['a pond'] == captions[3]['a pond']
    assert captions[0]['a pier'] == captions[4]['a pier']
    assert len({number for own in captions for number in own.values()}) == 7


def test_says_what_it_is_made_of(parts):
    with pytest.raises(ValueError, match='needs sets'):
        CaptionMixture([])
    with pytest.raises(ValueError, match='all or none of them in test mode'):
        CaptionMixture([parts()[0], parts(test_mode=True)[1]])
    with pytest.raises(ValueError, match='is made of CaptionDataset, not .*list'):
        CaptionMixture([[1]])


PIPELINE = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(16, 16)),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'text_id', 'scene'],
        meta_keys=['image_id', 'img_path'],
    ),
]


def tokenizer(texts):
    return torch.ones(len(texts), 1, dtype=torch.long), torch.ones(len(texts), 1).bool()


def batch_of(dataset):
    init_default_scope('pir_mm')
    collate = dict(type='pir_mm.collate_pairs', tokenizer=tokenizer)
    sampler = dict(type='DefaultSampler', shuffle=False)
    loader = Runner.build_dataloader(
        dict(dataset=dataset, batch_size=5, num_workers=0, sampler=sampler, collate_fn=collate)
    )
    return next(iter(loader))


def test_a_loader_takes_it(parts):
    batch = batch_of(CaptionMixture(parts(pipeline=PIPELINE)))
    assert batch.image_id.tolist() == [0, 1, 2, 3, 4]
    assert len(batch.token_ids) == 9


def test_sets_joined_without_it_are_refused(parts):
    with pytest.raises(ValueError, match='image_id 0 stands for .*first.* by pir_mm.CaptionMix'):
        scenes = ['harbour', 'pond', 'road']
        batch_of(ConcatDataset(parts(pipeline=PIPELINE, scenes=scenes)))
