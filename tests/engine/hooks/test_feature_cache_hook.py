"""What frozen encoders give is computed once, and stands for pictures and texts."""

import copy
import json
import shutil
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import DATASETS, HOOKS, MODELS
from torch.testing import assert_close
from torch.utils.data import DataLoader

from pir_mm.apis.data.sharding import make_shards
from pir_mm.datasets import cached_features
from pir_mm.datasets.collating import collate_pairs
from pir_mm.engine.hooks import feature_cache_hook
from pir_mm.files import feature_store
from tests.files.test_shards import write

RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
PACK = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(feature_store, 'ROWS', 16)
    torch.manual_seed(0)


def model_of(scenes, image=True, instruction=True, text=True):
    model = dict(
        type='pir_mm.PIR',
        data_preprocessor=dict(type='pir_mm.PairPreprocessor', mean=[90.0] * 3, std=[60.0] * 3),
        tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab=f'{scenes}/vocab.txt'),
        image_encoder=dict(type='pir_mm.ImageEncoder', backbone=RESNET, dim=8, frozen=image),
        text_encoder=dict(
            type='pir_mm.BertEncoder', dim=8, hidden_size=16, layers=1, heads=2,
            intermediate_size=16, vocab_size=4000, dropout=0.0, pooling='mean', frozen=text,
        ),
        instruction_encoder=dict(
            type='pir_mm.InstructionEncoder', backbone=RESNET, dim=8,
            trainable=() if instruction else 'layer4.*',
        ),
        selector=dict(type='pir_mm.BeliefSelector', keep=4),
        spatial_pae=dict(type='pir_mm.SpatialPAE', dim=8, layers=1, heads=2, dropout=0.0),
        temporal_pae=dict(type='pir_mm.TemporalPAE', dim=8, layers=1, heads=2, dropout=0.0),
        embedding=dict(type='pir_mm.JoinedEmbedding', dim=8),
        head=dict(type='pir_mm.RetrievalHead'),
    )  # fmt: skip
    return MODELS.build(model)


def set_of(scenes, turns=1, split='train', extra=(), **settings):
    steps = [dict(type='pir_mm.LoadPicture'), dict(type='mmpretrain.Resize', scale=64), *extra]
    if turns > 1:
        steps.append(dict(type='pir_mm.RandomTurn', turns=turns))
    return DATASETS.build(
        dict(type='pir_mm.CaptionDataset', data_root=f'{scenes}/', split=split, sampling='image',
             pipeline=[*steps, PACK], test_mode=split != 'train', **settings)
    )  # fmt: skip


def loader_of(dataset, model, workers=0):
    collate = partial(collate_pairs, tokenizer=model.tokenizer)
    return DataLoader(dataset, 4, collate_fn=collate, num_workers=workers)


def equip(model, dataset, folder, workers=0, **settings):
    loader = loader_of(dataset, model, workers)
    runner = SimpleNamespace(model=model, train_dataloader=loader)
    hook = HOOKS.build(dict(type='pir_mm.FeatureCacheHook', folder=str(folder), **settings))
    hook.before_train(runner)
    return loader


def first_batch(model, loader):
    return model.data_preprocessor(next(iter(loader)))['batch']


def seeded(dataset):
    """So that items of equal sets draw the same."""
    dataset.item_seed = 0
    return dataset


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('image', [True, 'layer2'])
def test_losses_and_gradients_are_those_of_the_pictures_but_for_bfloat16(
    scenes, tmp_path, image, workers
):
    model = model_of(scenes, image)
    plain, cached = seeded(set_of(scenes)), seeded(set_of(scenes))
    loader = equip(model, cached, tmp_path / 'f', workers)
    results = []
    for batch in (first_batch(model, loader_of(plain, model)), first_batch(model, loader)):
        model.zero_grad()
        losses = model.eval().loss(batch)
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
        results.append((batch, losses, gradients))
    (without, wanted, slopes), (given, got, others) = results
    assert given.images is None and without.images is not None
    assert set(given.features) == {'image_encoder', 'instruction_encoder'}
    assert given.text_features.shape == (*given.token_ids.shape, 16)
    states = model.text_encoder.frozen_output(given.token_ids, given.token_mask)
    shown = given.token_mask
    assert_close(given.text_features[shown], states[shown])  # to float32, not to bfloat16
    for name, value in wanted.items():
        assert_close(got[name], value, atol=0.02, rtol=0.01)
    assert others.keys() == slopes.keys()
    for name in slopes:
        assert_close(others[name], slopes[name], atol=0.02, rtol=0.2)


def test_no_picture_is_decoded_any_more(scenes, tmp_path, monkeypatch):
    model, dataset = model_of(scenes), set_of(scenes)
    loader = equip(model, dataset, tmp_path / 'f')

    def refuse(*_):
        raise AssertionError('a picture was decoded')

    monkeypatch.setattr('pir_mm.datasets.transforms.load_picture.read_picture', refuse)
    assert len(list(loader)) == -(-len(dataset) // 4)


def test_a_second_run_computes_nothing(scenes, tmp_path, monkeypatch):
    model = model_of(scenes)
    equip(model, set_of(scenes), tmp_path / 'f')
    for name in ('image_encoder', 'instruction_encoder', 'text_encoder'):
        monkeypatch.setattr(getattr(model, name), 'frozen_output', None)
    batch = first_batch(model, equip(model, set_of(scenes), tmp_path / 'f'))
    assert set(batch.features) == {'image_encoder', 'instruction_encoder'}


@pytest.mark.parametrize('turns', [2, 8])
def test_each_orientation_is_drawn_and_its_features_are_those_of_its_pixels(
    scenes, tmp_path, turns
):
    """The image encoder is trained, so the batch holds the pixels too."""
    model = model_of(scenes, image=False, text=False).eval()
    dataset = set_of(scenes, turns)
    loader = equip(model, dataset, tmp_path / 'f')
    rows = len(dataset) * turns
    assert dataset.features.images['instruction_encoder'].rows == rows
    seen = set()
    for _ in range(4):
        for batch in loader:
            batch = model.data_preprocessor(batch)['batch']
            wanted = model.instruction_encoder.frozen_output(batch.images)[0]
            got = batch.features['instruction_encoder'][0].float()
            assert_close(got, wanted, atol=0.02, rtol=0.01)
            seen |= {row.numpy().tobytes() for row in got}
    assert len(seen) > 1.5 * len(dataset)
    assert batch.text_features is None and list(batch.features) == ['instruction_encoder']


def test_an_evaluation_ranks_as_without(scenes, tmp_path):
    model = model_of(scenes).eval()
    samples = []
    for dataset in (set_of(scenes, split='test'), set_of(scenes, split='test')):
        if samples:
            runner = SimpleNamespace(model=model, test_dataloader=loader_of(dataset, model))
            hook = HOOKS.build(dict(type='pir_mm.FeatureCacheHook', folder=str(tmp_path / 'f')))
            hook.before_test(runner)
        with torch.no_grad():
            batch = first_batch(model, loader_of(dataset, model))
            samples.append(model.predict(batch))
    for got, wanted in zip(samples[1], samples[0], strict=True):
        assert got.caption_id == wanted.caption_id and got.text_id == wanted.text_id
        assert got.image_embedding @ wanted.image_embedding > 0.999
        assert ((got.text_embedding * wanted.text_embedding).sum(dim=1) > 0.999).all()


def test_a_transform_that_draws_is_named(scenes, tmp_path):
    dataset = set_of(scenes, extra=[dict(type='mmpretrain.RandomFlip', prob=0.5)])
    with pytest.raises(ValueError, match='RandomFlip draws anew for each sample.*RandomTurn may'):
        equip(model_of(scenes), dataset, tmp_path / 'f')


@pytest.mark.parametrize(
    'changed', ['weights', 'pictures', 'pipeline', 'normalisation', 'texts or vocabulary']
)
def test_features_of_something_else_are_refused_by_name(scenes, tmp_path, changed):
    data = tmp_path / 'data'
    shutil.copytree(scenes, data)
    model, dataset = model_of(data), set_of(data)
    equip(model, dataset, tmp_path / 'f')
    extra = ()
    if changed == 'weights':
        model.image_encoder.backbone.conv1.weight.data.mul_(1.01)
    elif changed == 'pictures':
        one, other = dataset.get_data_info(0)['img_path'], dataset.get_data_info(1)['img_path']
        shutil.copyfile(one, other)
    elif changed == 'pipeline':
        extra = [dict(type='mmpretrain.CenterCrop', crop_size=48)]
    elif changed == 'normalisation':
        model.data_preprocessor.mean.add_(1)
    else:
        words = (data / 'vocab.txt').read_text().splitlines()
        words[10:] = words[:9:-1]
        (data / 'vocab.txt').write_text('\n'.join(words) + '\n')
        model = model_of_same_weights(model, data)
    with pytest.raises(ValueError, match=f'were made from other {changed} than this run has'):
        equip(model, set_of(data, extra=extra), tmp_path / 'f')


def model_of_same_weights(model, data):
    other = model_of(data)
    other.load_state_dict(model.state_dict())
    return other


def test_what_the_features_do_not_depend_on_may_change(scenes, tmp_path):
    model = model_of(scenes)
    equip(model, set_of(scenes), tmp_path / 'f')
    model.image_encoder.projection.weight.data.mul_(2)
    equip(model, set_of(scenes, captions_per_image=1), tmp_path / 'f')


def test_a_computation_that_was_killed_goes_on(scenes, tmp_path, monkeypatch):
    model, dataset = model_of(scenes), set_of(scenes)
    whole = copy.deepcopy(dataset)
    compute, done = feature_cache_hook._images_of, []

    def killed(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return compute(*arguments)

    monkeypatch.setattr(feature_cache_hook, '_images_of', killed)
    with pytest.raises(KeyboardInterrupt):
        equip(model, dataset, tmp_path / 'f')
    blocks = list((tmp_path / 'f' / 'train' / 'image_encoder').glob('*.safetensors'))
    assert len(blocks) == 2 and dataset.features is None
    times = {block: block.stat().st_mtime_ns for block in blocks}
    monkeypatch.setattr(feature_cache_hook, '_images_of', compute)
    equip(model, whole, tmp_path / 'f')
    assert all(block.stat().st_mtime_ns == time for block, time in times.items())
    assert whole.features.images['image_encoder'].missing() == []


def test_the_blocks_are_shared_out_to_all_processes(scenes, tmp_path, monkeypatch):
    model = model_of(scenes)
    monkeypatch.setattr(feature_cache_hook, 'get_world_size', lambda: 2)
    monkeypatch.setattr(feature_cache_hook, 'barrier', lambda: None)
    made = []
    for rank in (0, 1):
        monkeypatch.setattr(feature_cache_hook, 'get_rank', lambda rank=rank: rank)
        monkeypatch.setattr(feature_cache_hook, 'is_main_process', lambda rank=rank: rank == 0)
        shutil.rmtree(tmp_path / 'f', ignore_errors=True)
        equip(model, set_of(scenes), tmp_path / 'f', parts={'image_encoder': 'resnet'})
        folder = tmp_path / 'f' / 'train' / 'resnet'
        made.append({path.name for path in folder.glob('*.safetensors')})
    assert made[0].isdisjoint(made[1]) and len(made[0] | made[1]) == -(-len(set_of(scenes)) // 16)


def test_a_mixture_has_features_of_each_of_its_sets(scenes, tmp_path):
    model = model_of(scenes)
    other = tmp_path / 'other'
    shutil.copytree(scenes, other)
    mixture = DATASETS.build(
        dict(type='pir_mm.CaptionMixture', datasets=[set_of(scenes), set_of(other, indices=8)])
    )
    plain = DATASETS.build(
        dict(type='pir_mm.CaptionMixture', datasets=[set_of(scenes), set_of(other, indices=8)])
    )
    equip(model, mixture, tmp_path / 'f')
    assert {path.name for path in (tmp_path / 'f' / 'train').iterdir() if path.is_dir()} == {
        '0', '1'
    }  # fmt: skip
    last = len(mixture) - 1
    sample, pixels = mixture[last], plain[last]['inputs']
    images = model.data_preprocessor({'inputs': pixels[None]})['images']
    wanted = model.eval().image_encoder.frozen_output(images)[1][0]
    assert_close(sample['features']['image_encoder'][1].float(), wanted, atol=0.02, rtol=0.01)
    assert len(sample['text_features']) == len(sample['data_samples'].text)
    assert sample['data_samples'].image_id == plain[last]['data_samples'].image_id


def test_a_model_without_a_frozen_part_is_told(scenes, tmp_path):
    model = model_of(scenes, image=False, instruction=False, text=False)
    with pytest.raises(ValueError, match='of this model no encoder can be: set `frozen` of an enc'):
        equip(model, set_of(scenes), tmp_path / 'f')
    with pytest.raises(ValueError, match='set `frozen` of text_encoder'):
        equip(
            model_of(scenes, text=False),
            set_of(scenes),
            tmp_path / 'f',
            parts={'text_encoder': 'bert'},
        )


def test_another_dataset_is_told(scenes, tmp_path):
    with pytest.raises(ValueError, match='CaptionDataset and pir_mm.ShardDataset, not list'):
        equip(model_of(scenes), [1], tmp_path / 'f')


def test_a_backbone_that_cannot_be_continued_is_told(scenes, tmp_path, monkeypatch):
    model = model_of(scenes, image='layer2')
    rest = model.image_encoder.frozen.rest
    monkeypatch.setattr(model.image_encoder.frozen, 'rest', lambda output: rest(output * 1.1))
    with pytest.raises(ValueError, match='ResNet cannot be continued behind a part of it: freeze'):
        equip(model, set_of(scenes), tmp_path / 'f')


def test_the_item_of_an_image_keeps_what_an_evaluation_reads():
    assert {'image_id', 'scene', 'text', 'text_id', 'caption_id'} <= set(cached_features.KEYS)


def test_models_share_features_by_name(scenes, tmp_path, monkeypatch):
    """Two priors have features of their own; the image encoder's are computed once."""
    model = model_of(scenes)
    names = {'image_encoder': 'resnet', 'instruction_encoder': 'one', 'text_encoder': 'bert'}
    equip(model, set_of(scenes), tmp_path / 'f', parts=names)
    monkeypatch.setattr(model.image_encoder, 'frozen_output', None)
    model.instruction_encoder.backbone.conv1.weight.data.mul_(1.01)
    with pytest.raises(ValueError, match=r'train/one were made from other weights'):
        equip(model, set_of(scenes), tmp_path / 'f', parts=names)
    equip(model, set_of(scenes), tmp_path / 'f', parts=names | {'instruction_encoder': 'other'})
    folders = {path.name for path in (tmp_path / 'f' / 'train').iterdir() if path.is_dir()}
    assert folders == {'resnet', 'one', 'other', 'bert'}


def test_pooled_vectors_alone_do_not_stand_for_tokens(scenes, tmp_path):
    model = model_of(scenes)
    model.image_encoder.with_tokens = False
    equip(model, set_of(scenes), tmp_path / 'f', parts={'image_encoder': 'resnet'})
    model.image_encoder.with_tokens = True
    with pytest.raises(ValueError, match='were made from other tokens than this run has'):
        equip(model, set_of(scenes), tmp_path / 'f', parts={'image_encoder': 'resnet'})


def shards_of(scenes, folder):
    make_shards(scenes, folder, size=30)
    steps = [dict(type='pir_mm.LoadPicture'), dict(type='mmpretrain.Resize', scale=64)]
    turn = dict(type='pir_mm.RandomTurn', turns=2)
    return DATASETS.build(
        dict(type='pir_mm.ShardDataset', shards=str(folder), cleaning='pir', max_words=30,
             pipeline=[*steps, turn, PACK])
    )  # fmt: skip


@pytest.mark.parametrize('text', [True, False])
def test_shards_are_computed_once_for_each_distinct_picture_and_text(scenes, tmp_path, text):
    model = model_of(scenes, text=text).eval()
    plain, cached = (seeded(shards_of(scenes, tmp_path / 's')) for _ in range(2))
    loader = equip(model, cached, tmp_path / 'f')
    pictures = {item['filename'] for item in annotations(scenes) if item['split'] == 'train'}
    store = cached.features.images['image_encoder']
    assert store.rows == 2 * len(pictures) < 2 * len(plain)
    for index in (0, 1, len(plain) - 1, 3 * len(plain) + 2):  # the last in its fourth pass
        sample, features = plain[index], cached[index]
        assert 'inputs' not in features
        images = model.data_preprocessor({'inputs': sample['inputs'][None]})['images']
        wanted = model.image_encoder.frozen_output(images)
        for got, right in zip(features['features']['image_encoder'], wanted, strict=True):
            assert_close(got.float(), right[0], atol=0.02, rtol=0.02)
    assert cached.distinct_texts() == list(dict.fromkeys(plain[n]['data_samples'].text[0]
                                                         for n in range(len(plain))))  # fmt: skip
    batch, other = first_batch(model, loader), first_batch(model, loader_of(plain, model))
    assert torch.equal(batch.token_ids, other.token_ids)
    assert (batch.text_features is not None) == text
    assert_close(model.loss(batch)['loss_contrastive'], model.loss(other)['loss_contrastive'],
                 atol=0.02, rtol=0.02)  # fmt: skip


def annotations(scenes):
    return json.loads((scenes / 'captions.json').read_text())['images']


def test_a_broken_picture_of_a_shard_is_named(scenes, tmp_path):
    write(tmp_path / 'a.tar', {'a.jpg': b'broken', 'a.txt': b'a river'})
    dataset = shards_of(scenes, tmp_path / 's')
    dataset = type(dataset)(str(tmp_path / 'a.tar'), dataset.pipeline.transforms)
    with pytest.raises(ValueError, match='a.tar, sample 0'):
        equip(model_of(scenes), dataset, tmp_path / 'f')


def test_shuffled_features_are_those_of_other_pictures(scenes, tmp_path):
    model = model_of(scenes)
    plain, dealt = set_of(scenes), set_of(scenes)
    equip(model, plain, tmp_path / 'f')
    equip(model, dealt, tmp_path / 'f', shuffled=['instruction_encoder'])
    rows = range(len(plain))
    own, others = (
        torch.stack([one.features.images['instruction_encoder'].row(n)[0] for n in rows])
        for one in (plain, dealt)
    )
    same = (own == others).flatten(1).all(dim=1)
    assert same.float().mean() < 0.2
    assert_close(own.float().sum(dim=0), others.float().sum(dim=0), atol=1e-2, rtol=1e-3)
    pair = [one[0]['features']['image_encoder'][0] for one in (plain, dealt)]
    assert torch.equal(*pair)
    with pytest.raises(ValueError, match='shuffled names text_encoder, whose features of images'):
        equip(model, set_of(scenes), tmp_path / 'f', shuffled=['text_encoder'])


def fusion_model_of(scenes):
    return MODELS.build(
        dict(
            type='pir_mm.FusionRetriever',
            data_preprocessor=dict(type='pir_mm.PairPreprocessor', mean=[90.0] * 3, std=[60.0] * 3),
            tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab=f'{scenes}/vocab.txt'),
            image_encoder=dict(type='pir_mm.ImageEncoder', backbone=RESNET, dim=8, frozen=True),
            text_encoder=dict(
                type='pir_mm.BertEncoder', dim=None, hidden_size=16, layers=1, heads=2,
                intermediate_size=16, vocab_size=4000,
            ),
            fusion_encoder=dict(
                type='pir_mm.FusionEncoder', dim=16, image_dim=8, layers=1, heads=2,
                intermediate_size=16,
            ),
            losses=dict(
                itm=dict(type='pir_mm.MatchingLoss'),
                mlm=dict(type='pir_mm.MaskedLanguageLoss', dim=16, vocab_size=4000),
                mvjrc=dict(type='pir_mm.MultiViewLoss', dim=16),
            ),
        )
    )  # fmt: skip


def two_views_of(scenes, turns=4):
    steps = [dict(type='pir_mm.LoadPicture'), dict(type='mmpretrain.Resize', scale=64)]
    views = dict(type='pir_mm.TwoViews', transforms=[dict(type='pir_mm.RandomTurn', turns=turns)])
    return DATASETS.build(
        dict(type='pir_mm.CaptionDataset', data_root=f'{scenes}/', pipeline=[*steps, views, PACK])
    )


def test_two_views_are_two_orientations_drawn_as_from_the_pictures(scenes, tmp_path):
    model = fusion_model_of(scenes).eval()
    plain, cached = seeded(two_views_of(scenes)), seeded(two_views_of(scenes))
    loader = equip(model, cached, tmp_path / 'f')
    wanted, got = first_batch(model, loader_of(plain, model)), first_batch(model, loader)
    assert got.images is got.second_images is None
    for images, features in (
        (wanted.images, got.features), (wanted.second_images, got.second_features)
    ):  # fmt: skip
        for one, other in zip(
            features['image_encoder'], model.image_encoder.frozen_output(images), strict=True
        ):
            assert_close(one.float(), other, atol=0.02, rtol=0.01)
    assert not torch.equal(wanted.images, wanted.second_images)
    losses = model.train().loss(replace(got, **hidden_words(got)))
    assert losses['loss_mvjrc'].isfinite()


def hidden_words(batch):
    return {'masked_ids': batch.token_ids, 'masked_at': torch.tensor([1, 2])}


def test_one_store_serves_models_of_one_and_of_two_views(scenes, tmp_path, monkeypatch):
    model = fusion_model_of(scenes)
    equip(model, set_of(scenes, turns=4), tmp_path / 'f')
    monkeypatch.setattr(model.image_encoder, 'frozen_output', None)
    batch = next(iter(equip(model, two_views_of(scenes), tmp_path / 'f')))
    assert batch.second_features.keys() == {'image_encoder'}
    one = next(iter(equip(model, set_of(scenes, turns=4), tmp_path / 'f')))
    assert not one.second_features


def test_two_views_want_all_encoders_of_images_frozen(scenes, tmp_path):
    with pytest.raises(ValueError, match='stand for the pictures of all encoders or of none: fr'):
        equip(model_of(scenes, image=False), two_views_of(scenes), tmp_path / 'f')


@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_workers_hide_the_words_that_one_process_hides(scenes, tmp_path):
    """The hook hands the masking over; which words it hides follows the items."""
    model = fusion_model_of(scenes)
    batches = []
    for workers in (0, 2):
        loader = loader_of(seeded(set_of(scenes)), model, workers)
        runner = SimpleNamespace(model=model, train_dataloader=loader, work_dir=str(tmp_path))
        HOOKS.build(dict(type='pir_mm.TokenizerHook')).before_train(runner)
        batches.append(list(loader))
    hidden = 0
    for one, other in zip(*batches, strict=True):
        assert torch.equal(one.masked_ids, other.masked_ids)
        assert torch.equal(one.masked_at, other.masked_at)
        changed = (one.masked_ids != one.token_ids).flatten().nonzero().squeeze(1)
        assert torch.isin(changed, one.masked_at).all()
        hidden += len(changed)
    assert hidden > 10
