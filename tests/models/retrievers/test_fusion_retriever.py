"""A model that scores pairs, and learns to by three tasks."""

import dataclasses
import warnings
from functools import partial

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch.testing import assert_close

from pir_mm.models.fusion import FusionStep
from pir_mm.models.retrievers import fusion_retriever
from pir_mm.models.retrievers.fusion_retriever import FusionRetriever
from tests.devices import fake_tensors, move_to_fake
from tests.models.fusion.tiny import (
    BACKBONE,
    CONFIG,
    DIM,
    ITM,
    LOSSES,
    MLM,
    PIECES,
    VOCABULARY,
    batch_of,
    build,
)

IMAGE, TEXT = torch.tensor([2, 0, 0, 1, 2, 0]), torch.tensor([4, 0, 3, 3, 1, 4])


@pytest.fixture
def states():
    """A model in double precision, and the states of four images and five texts."""
    model, batch = build().double(), batch_of(4, 5, dtype=torch.float64)
    with torch.no_grad():
        images = model.encode_image_tokens(batch.images)
        texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    return model, images, texts


def test_states_are_those_of_the_encoders():
    model, batch = build(), batch_of()
    images = model.encode_image_tokens(batch.images)
    pooled, tokens = model.image_encoder(batch.images)
    assert images.shape == (3, 5, DIM)
    assert torch.equal(images[:, 0], pooled) and torch.equal(images[:, 1:], tokens)
    texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    assert torch.equal(texts.mask, batch.token_mask)
    assert_close(texts.tokens, model.text_encoder(batch.token_ids, batch.token_mask)[1])


def test_a_score_is_the_difference_of_the_two_logits_of_the_first_token(states):
    model, images, texts = states
    keys = model.fusion_encoder.read_images(images)
    joint = model.fusion_encoder(keys, texts, IMAGE, TEXT)[:, 0]
    logits = joint @ model.matcher.weight.T + model.matcher.bias
    scores = model.match(images, texts, IMAGE, TEXT)
    assert_close(scores, logits[:, 1] - logits[:, 0])
    assert torch.equal(scores.argsort(), logits.softmax(dim=1)[:, 1].argsort())


@pytest.mark.parametrize('images_kept', [1, 2, 64])
@pytest.mark.parametrize('pair_batch', [1, 4, 100])
def test_pairs_score_alone_as_among_others(states, pair_batch, images_kept, monkeypatch):
    model, images, texts = states
    model.pair_batch = pair_batch
    monkeypatch.setattr(fusion_retriever, 'IMAGES', images_kept)
    every = torch.cartesian_prod(torch.arange(4), torch.arange(5)).T
    image_index, text_index = torch.cat([torch.stack([IMAGE, TEXT]), every, every[:, :9]], dim=1)
    scores = model.match(images, texts, image_index, text_index)
    for image, text, score in zip(image_index, text_index, scores, strict=True):
        own = texts.rows(text[None]).cut(int(texts.mask[text].sum()))
        zero = torch.zeros(1, dtype=torch.long)
        assert_close(model.match(images[image][None], own, zero, zero)[0], score)


def test_one_matrix_serves_both_directions(states):
    model, images, texts = states
    rows, columns = torch.meshgrid(torch.arange(4), torch.arange(5), indexing='ij')
    by_image = model.match(images, texts, rows.flatten(), columns.flatten()).view(4, 5)
    by_text = model.match(images, texts, rows.T.flatten(), columns.T.flatten()).view(5, 4)
    assert_close(by_image, by_text.T)
    assert by_image.std() > 0


def test_an_image_is_read_once_however_many_texts_it_meets(states):
    model, images, texts = states
    model.pair_batch = 2
    seen = []
    for layer in model.fusion_encoder.layer:
        layer.crossattention.self.value.register_forward_hook(
            lambda module, given, result: seen.append(len(given[0]))
        )
    model.match(images, texts, IMAGE, TEXT)
    assert seen == [3, 3]  # of four images, one is in no pair


def test_texts_are_read_without_the_padding_of_longer_ones(states):
    model, images, texts = states
    model.pair_batch = 2
    shapes = []
    model.fusion_encoder.layer[0].attention.self.query.register_forward_hook(
        lambda module, given, result: shapes.append(tuple(given[0].shape[:2]))
    )
    model.match(images, texts, IMAGE, TEXT)
    length = texts.mask.sum(dim=1)[TEXT]
    widths = [width for _, width in shapes]
    assert widths == sorted(widths) and widths[0] < widths[-1] == length.max()
    assert all(rows <= 2 for rows, _ in shapes)


def test_texts_read_an_image_together_and_not_a_copy_of_it_each(states):
    model, images, texts = states
    rows = []
    model.fusion_encoder.layer[0].crossattention.register_forward_pre_hook(
        lambda module, given: rows.append((len(given[0]), len(given[1].key)))
    )
    image_index, text_index = torch.cartesian_prod(torch.arange(4), torch.arange(4)).T
    model.match(images, texts, image_index, text_index)
    assert rows == [(4, 4)]  # sixteen pairs


def test_no_pairs_have_no_scores(states):
    nothing = torch.zeros(0, dtype=torch.long)
    assert states[0].match(*states[1:], nothing, nothing).shape == (0,)


def test_scores_are_float32_under_bfloat16_and_nearly_the_same():
    model, batch = build(), batch_of(4, 5)
    images = model.encode_image_tokens(batch.images)
    texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    wanted = model.match(images, texts, IMAGE, TEXT)
    with torch.autocast('cpu', torch.bfloat16):
        scores = model.match(images, texts, IMAGE, TEXT)
    assert scores.dtype == torch.float32
    assert (scores - wanted).abs().max() < 0.02


def test_an_evaluation_gets_the_states_of_each_image_and_of_its_texts():
    """Image 1 has texts 0 and 2, image 0 text 1, and image 2 none of its own."""
    model = build()
    batch = dataclasses.replace(
        batch_of(3, image_id=[7, 8, 9], text_id=[4, 5, 6], image_of_text=[1, 0, 1]),
        caption_id=torch.tensor([5, 4, 6, 4, 6]), image_of_caption=torch.tensor([0, 1, 1, 1, 2]),
    )  # fmt: skip
    with torch.no_grad():
        samples = model(batch=batch, mode='predict')
        images = model.encode_image_tokens(batch.images)
        texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    assert [s.image_id for s in samples] == [7, 8, 9]
    assert [s.text_id for s in samples] == [[5], [4, 6], []]
    assert [s.caption_id for s in samples] == [[5], [4, 6, 4], [6]]
    assert_close(torch.stack([s.image_states for s in samples]), images)
    for sample, own in zip(samples, ([1], [0, 2], []), strict=True):
        wanted = [texts.tokens[row][texts.mask[row]] for row in own]
        assert len(sample.text_states) == len(own)
        assert_close(list(sample.text_states), wanted)


def full_loss(model, batch=None, **given):
    losses = model.loss(batch or batch_of(second=True, masked=True), **given)
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    return losses


@pytest.mark.parametrize('negatives', ['uniform', 'hard'])
@pytest.mark.parametrize('amp', [False, True])
def test_every_parameter_is_trained_by_a_full_step(negatives, amp):
    model = build(losses=LOSSES | dict(itm=ITM | dict(negatives=negatives))).train()
    with torch.autocast('cpu', torch.bfloat16, enabled=amp):
        losses = full_loss(model)
    assert set(losses) == {
        'loss_itm', 'loss_mlm', 'loss_mvjrc', 'itm_acc', 'mlm_acc', 'mv_std'
    }  # fmt: skip
    assert all(value.isfinite() and value.dim() == 0 for value in losses.values())
    without = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # key biases change no softmax; of the positions, those behind the longest text are not used
    assert all(name.endswith(('key.bias', 'bias_k')) for name in without), without


@pytest.mark.parametrize(
    ('left_out', 'views'), [(('mvjrc',), False), (('mlm',), True), (('mlm', 'mvjrc'), False)]
)
def test_a_loss_that_is_left_out_has_no_parameters_no_keys_and_needs_nothing(left_out, views):
    model = build(losses=LOSSES | dict.fromkeys(left_out)).train()
    batch = batch_of(second=views, masked='mlm' not in left_out)
    losses = full_loss(model, batch)
    assert {name for name in losses if 'loss' in name} == {
        f'loss_{name}' for name in LOSSES if name not in left_out
    }
    for name in left_out:
        assert not any(own.startswith(f'losses.{name}.') for own in model.state_dict())
    assert all(p.grad is not None for p in model.parameters())


def test_a_batch_of_one_works():
    model = build().train()
    losses = full_loss(model, batch_of(1, second=True, masked=True))
    assert losses['loss_mvjrc'] == 0 and losses['loss_itm'] > 0
    assert all(p.grad is not None for p in model.parameters())


def test_an_image_with_several_texts_gives_a_pair_for_each():
    model = build(losses=dict(itm=ITM)).train()
    calls = pairs_read(model)
    full_loss(model, batch_of(3, 7))
    assert calls == [21]


def test_true_pairs_are_read_once_for_all_losses():
    """Beside the false ones, or before these if a loss that comes first reads the true ones."""
    for order, wanted in ((('itm', 'mvjrc'), [9, 3]), (('mvjrc', 'itm'), [3, 3, 6])):
        model = build(losses={name: LOSSES[name] for name in order}).train()
        calls = pairs_read(model)
        full_loss(model)
        assert calls == wanted


def pairs_read(model):
    """Pairs of each group that the model has read, a list that grows."""
    calls, layer = [], model.fusion_encoder.layer[0]
    layer.crossattention.register_forward_pre_hook(lambda m, given: calls.append(len(given[0])))
    return calls


@pytest.mark.parametrize('negatives', ['uniform', 'hard'])
def test_groups_of_similar_length_change_nothing_but_the_padding(negatives):
    """Of 70 texts, in four groups and in one."""
    batch, results = batch_of(3, 70, second=True, masked=True, dtype=torch.float64), []
    for groups in (1, 4):
        losses = LOSSES | dict(itm=ITM | dict(negatives=negatives))
        model = build(losses=losses, text_groups=groups).double()
        cells = []
        model.fusion_encoder.layer[1].attention.self.query.register_forward_hook(
            lambda m, given, out, cells=cells: cells.append(given[0][..., 0].numel())
        )
        torch.manual_seed(0)
        values = full_loss(model, batch)
        gradients = {n: p.grad for n, p in model.named_parameters()}
        results.append((values, gradients, sum(cells)))
    (values, gradients, cells), (same_values, same_gradients, fewer) = results
    assert_close(same_values, values)
    assert_close(same_gradients, gradients)
    assert fewer < 0.9 * cells


def test_the_decoder_of_words_is_the_table_of_words():
    model = build()
    names = [name for name, value in model.state_dict().items() if VOCABULARY in value.shape]
    assert names == [
        'text_encoder.bert.embeddings.word_embeddings.weight', 'losses.mlm.bias'
    ]  # fmt: skip
    optimiser = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    groups = optimiser.optimizer.param_groups
    table = model.text_encoder.word_vectors
    assert sum(p is table for group in groups for p in group['params']) == 1
    other = build()
    other.load_state_dict(model.state_dict())
    assert other.text_encoder.word_vectors is other.text_encoder.bert.get_input_embeddings().weight


def test_both_views_go_through_the_same_modules():
    model = build().train()
    calls = pairs_read(model)
    full_loss(model)
    assert calls == [9, 3, 3]  # true pairs and both kinds of negatives, hidden words, second view
    norm = model.losses['mvjrc'].projector[1]
    assert norm.num_batches_tracked == 2


def test_a_step_goes_through_preprocessor_and_both_views():
    model = build().train()
    batch = batch_of(second=True, masked=True)
    pixels = torch.randint(0, 256, (2, 3, 3, 32, 32), dtype=torch.uint8)
    seen = []
    model.image_encoder.register_forward_hook(lambda m, given, result: seen.append(given[0]))
    optimiser = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    logged = model.train_step(batch.with_images(*pixels), optimiser)
    assert_close(seen[0], (pixels[0] - 120.0) / 60)
    assert_close(seen[1], (pixels[1] - 120.0) / 60)
    total = sum(logged[f'loss_{name}'] for name in LOSSES)
    assert logged['loss'].item() == pytest.approx(total.item(), rel=1e-5)


def test_learns_eight_pairs_by_heart():
    model = build(losses=dict(itm=ITM | dict(negatives='hard'), mlm=MLM)).train()
    batch = batch_of(8, masked=True)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.1, total_iters=150)
    for _ in range(150):
        losses = model.loss(batch)
        optimiser.zero_grad()
        (losses['loss_itm'] + losses['loss_mlm']).backward()
        optimiser.step()
        schedule.step()
    assert losses['itm_acc'] == 1 and losses['mlm_acc'] > 0.9
    model.eval()
    images = model.encode_image_tokens(batch.images)
    texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    rows = torch.arange(8).repeat_interleave(8)
    scores = model.match(images, texts, rows, torch.arange(8).repeat(8)).view(8, 8)
    assert torch.equal(scores.argmax(dim=1), torch.arange(8))
    assert torch.equal(scores.argmax(dim=0), torch.arange(8))


def test_features_stand_for_images_of_a_frozen_backbone():
    frozen = dict(CONFIG['image_encoder'], frozen=True, dim=DIM)
    model, batch = build(image_encoder=frozen), batch_of(second=True, masked=True)
    views = (batch.images, batch.second_images)
    first, second = ({'image_encoder': model.image_encoder.frozen_output(v)} for v in views)
    changes = dict(images=None, second_images=None, features=first, second_features=second)
    cached = type(batch)(**{**vars(batch), **changes})
    losses = []
    for given in (batch, cached):
        torch.manual_seed(0)
        losses.append(model.loss(given))
    assert_close(losses[0], losses[1])
    assert model.image_parts == ('image_encoder',) and model.text_parts == ('text_encoder',)


def test_the_model_says_how_words_are_hidden():
    model = build(losses=LOSSES | dict(mlm=MLM | dict(rate=0.3, recipe=(1, 0, 0))))
    model._tokenizer = type('Tokenizer', (), {'pieces': PIECES})
    assert isinstance(model.masking, partial)
    ids = batch_of(8).token_ids
    hidden, chosen = model.masking(ids, generator=torch.Generator().manual_seed(0))
    assert (hidden[chosen] == PIECES.mask).all() and chosen.any()
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert build(losses=dict(itm=ITM)).masking is None


def test_reads_one_bert_file_for_all_its_parts(tmp_path):
    from transformers import BertConfig, BertForPreTraining

    sizes = dict(vocab_size=60, hidden_size=DIM, num_hidden_layers=4, num_attention_heads=4)
    bert = BertForPreTraining(BertConfig(**sizes, intermediate_size=64, max_position_embeddings=16))
    for parameter in bert.parameters():
        torch.nn.init.normal_(parameter)
    torch.save(bert.state_dict(), tmp_path / 'bert.bin')
    given = {n: dict(CONFIG[n], init=f'{tmp_path}/bert.bin') for n in PARTS}
    model = build(losses=dict(itm=ITM, mlm=MLM | dict(init=f'{tmp_path}/bert.bin')), **given)
    model.init_weights()
    layers = bert.bert.encoder.layer
    assert_close(model.text_encoder.word_vectors, bert.get_input_embeddings().weight)
    assert_close(
        model.text_encoder.bert.encoder.layer[1].output.dense.weight, layers[1].output.dense.weight
    )
    assert_close(model.fusion_encoder.layer[0].output.dense.weight, layers[2].output.dense.weight)
    head = bert.cls.predictions
    assert_close(model.losses['mlm'].transform.dense.weight, head.transform.dense.weight)
    assert_close(model.losses['mlm'].bias, head.bias)


PARTS = ('text_encoder', 'fusion_encoder')


def test_a_step_reads_nothing_on_the_host_but_the_lengths_of_other_texts(monkeypatch):
    model = build().train()
    batch = batch_of(6, second=True, masked=True)
    asked, lengths = [], batch.text_length.repeat_interleave(3)
    monkeypatch.setattr(
        FusionStep, '_lengths', lambda step, index: asked.append(len(index)) or lengths
    )
    for parameter in model.parameters():
        parameter.grad = None
    with warnings.catch_warnings(), fake_tensors():
        warnings.simplefilter('ignore')
        empty = {
            name: torch.empty(value.shape, dtype=value.dtype)
            for name, value in vars(batch).items()
            if isinstance(value, torch.Tensor) and name != 'text_length'
        }
        fake = type(batch)(**{**vars(batch), **empty})
        given = move_to_fake(model, 'cuda').data_preprocessor(fake, True)
        losses = model(**given, mode='loss')
    assert {value.device.type for value in losses.values()} == {'cuda'}
    assert asked == [18]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(losses=dict(itm=None)), "needs at least one loss, got losses={'itm': None}"),
        (dict(pair_batch=0), 'pair_batch must be at least 1, got 0'),
        (dict(text_groups=0), 'text_groups must be at least 1, got 0'),
        (
            dict(text_encoder=dict(CONFIG['text_encoder'], mask_padding=False)),
            'mask_padding=False of text_encoder lets .* text_groups=4 .*: set text_groups=1',
        ),
        (
            dict(image_encoder=dict(CONFIG['image_encoder'], dim=16)),
            'image_encoder gives vectors of 16 and fusion_encoder has image_dim=32: make',
        ),
        (
            dict(text_encoder=dict(CONFIG['text_encoder'], dim=16)),
            'text_encoder gives vectors of 16 and fusion_encoder has dim=32: make',
        ),
        (
            dict(image_encoder=dict(CONFIG['image_encoder'], with_tokens=False)),
            'a text reads the tokens of an image: set with_tokens=True',
        ),
    ],
)
def test_says_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)


def test_says_what_a_batch_lacks():
    with pytest.raises(ValueError, match='compares two views .*the batch has one: put pir_mm.TwoV'):
        build(losses=dict(mvjrc=LOSSES['mvjrc'])).loss(batch_of())
    with pytest.raises(ValueError, match='wants hidden words and the batch has none: use'):
        build(losses=dict(mlm=MLM)).loss(batch_of())
    with pytest.raises(ValueError, match="mode 'tensor' is not one of a FusionRetriever, wanted"):
        build()(mode='tensor')
    with pytest.raises(ValueError, match='an evaluation needs caption_id of every image: set test'):
        build()(batch=batch_of(), mode='predict')


def test_is_as_large_as_the_paper_says():
    """Both encoders, the fusion encoder, the three heads: 211.6 million parameters."""
    with torch.device('meta'):
        model = FusionRetriever(
            image_encoder=dict(
                type='pir_mm.ImageEncoder',
                backbone=BACKBONE | dict(arch='deit-base', img_size=224),
                dim=None,
            ),
            text_encoder=dict(type='pir_mm.BertEncoder', dim=None, layers=6, file_layers=12),
            fusion_encoder=dict(type='pir_mm.FusionEncoder'),
            losses={n: {'type': loss['type']} for n, loss in LOSSES.items()},
        )

    def size(part):
        return sum(p.numel() for p in part.parameters())

    assert size(model.image_encoder) == 85_798_656
    assert size(model.losses['mlm']) == 622_650
    assert size(model.losses['mvjrc']) == 2_068_608
    assert size(model.matcher) == 1_538
    assert round(size(model) / 1e6, 1) == 211.6
