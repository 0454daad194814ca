"""What every dual encoder does with a batch."""

from dataclasses import replace

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch.testing import assert_close

from pir_mm.models.retrievers.dual_encoder import encode_by_length
from pir_mm.registry import TASK_UTILS


def texts_of(count, longest=9):
    """Ids, mask and lengths of texts, shortest first."""
    generator = torch.Generator().manual_seed(count)
    lengths = torch.randint(1, longest + 1, (count,), generator=generator).sort().values
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    ids = torch.randint(1, 50, mask.shape, generator=generator) * mask
    return ids, mask, lengths


class Encoder:
    """Sum and length of each text; keeps the shapes it was called with."""

    def __init__(self):
        self.shapes = []

    def __call__(self, ids, mask):
        self.shapes.append(tuple(ids.shape))
        return torch.stack([(ids * mask).sum(1), mask.sum(1)], dim=1).float()


@pytest.mark.parametrize('count', [1, 31, 32, 50, 100])
@pytest.mark.parametrize('groups', [1, 2, 4])
def test_groups_give_what_one_call_gives_in_the_same_order(count, groups):
    ids, mask, lengths = texts_of(count)
    expected = Encoder()(ids, mask)
    assert_close(encode_by_length(Encoder(), (ids, mask), lengths, groups), expected)


def test_a_group_is_as_wide_as_its_longest_text():
    lengths = torch.tensor([3] * 31 + [8])
    mask = torch.arange(8) < lengths.unsqueeze(1)
    encoder = Encoder()
    encode_by_length(encoder, (mask.long(), mask), lengths, groups=2)
    assert encoder.shapes == [(16, 3), (16, 8)]


def test_few_texts_stay_together():
    encoder = Encoder()
    ids, mask, lengths = texts_of(31)
    encode_by_length(encoder, (ids, mask), lengths, groups=4)
    assert len(encoder.shapes) == 1


def test_no_text_gives_no_row():
    ids = torch.zeros(0, 5, dtype=torch.long)
    nothing = encode_by_length(Encoder(), (ids, ids.bool()), torch.zeros(0).long(), groups=4)
    assert nothing.shape == (0, 2)


def test_trains_every_text():
    ids, mask, lengths = texts_of(40)
    table = torch.randn(50, 3, requires_grad=True)

    def encode(ids, mask):
        return (table[ids] * mask.unsqueeze(-1)).sum(1)

    encode_by_length(encode, (ids, mask), lengths, groups=2).sum().backward()
    used = torch.zeros(50, dtype=torch.bool)
    used[ids[mask]] = True
    assert torch.equal(table.grad[:, 0] != 0, used)


TEXTS = (['a wide lake'], ['two planes', 'a runway and planes'], [])
FLAT = [text for own in TEXTS for text in own]


class Recorder:
    """Stands in for the head's loss."""

    def __call__(self, pairs):
        self.pairs = pairs
        return {'loss': pairs.image_embedding.sum()}


def test_a_loss_sees_all_texts_with_the_image_of_each(build, batch, monkeypatch):
    model, recorder = build(), Recorder()
    monkeypatch.setattr(model.head, 'loss', recorder)
    given = batch(*TEXTS, scene=[4, -1, 2])
    model(batch=given, mode='loss')
    pairs = recorder.pairs
    assert_close(pairs.image_embedding, model.encode_image(given.images))
    assert_close(
        pairs.text_embedding,
        model.encode_text(*model.tokenize(['two planes', 'a wide lake', 'a runway and planes'])),
    )
    assert pairs.image_of_text.tolist() == [1, 0, 1]
    assert pairs.text_id.tolist() == [1, 0, 2]
    assert pairs.image_id.tolist() == [10, 11, 12]
    assert pairs.scene.tolist() == [4, -1, 2]


def test_a_training_step_goes_through_preprocessor_and_losses(build, batch):
    model = build().train()
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    before = model.image_encoder.projection.weight.clone()
    logged = model.train_step(batch(*TEXTS, scene=[0, 0, 1]), optimizer)
    assert logged['loss'].item() == pytest.approx(
        (logged['loss_contrastive'] + logged['loss_affiliation']).item()
    )
    assert (model.image_encoder.projection.weight != before).any()


def test_prediction_gives_each_image_its_own_embeddings(build, batch):
    model, given = build(), batch(*TEXTS, scene=[4, -1, 2])
    predicted = model(batch=given, mode='predict')
    expected = torch.stack([sample.image_embedding for sample in predicted])
    assert_close(expected, model.encode_image(given.images))
    assert [len(sample.text_embedding) for sample in predicted] == [1, 2, 0]
    alone = [model.encode_text(*model.tokenize([text]))[0] for text in FLAT]
    assert_close(torch.cat([s.text_embedding for s in predicted]), torch.stack(alone))
    assert [sample.text_id for sample in predicted] == [[0], [1, 2], []]
    assert [sample.caption_id for sample in predicted] == [[0], [1, 2], []]
    assert [(s.image_id, s.scene) for s in predicted] == [(10, 4), (11, -1), (12, 2)]
    assert all(
        torch.equal(a.image_embedding, b.image_embedding)
        for a, b in zip(model.val_step(given), predicted, strict=True)
    )


def test_prediction_of_a_batch_without_any_text(build, batch):
    predicted = build()(batch=batch([], []), mode='predict')
    assert [s.text_embedding.shape for s in predicted] == [(0, 8), (0, 8)]


def test_prediction_of_a_training_batch_is_refused(build, batch):
    training = replace(batch(['a']), caption_id=None, image_of_caption=None)
    with pytest.raises(ValueError, match='needs caption_id of every image: set test_mode=True'):
        build()(batch=training, mode='predict')


def test_the_tokenizer_is_built_when_the_first_text_comes(build, images):
    model = build(tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab='no/such/vocab.txt'))
    assert model.encode_image(images).shape == (3, 8)
    with pytest.raises(FileNotFoundError, match='no/such/vocab.txt'):
        model.tokenize(['a lake'])
    with pytest.raises(ValueError, match='no tokenizer: set `tokenizer`'):
        build(tokenizer=None).tokenize(['a lake'])


def test_an_unknown_mode_is_refused(build):
    with pytest.raises(ValueError, match="mode 'train' is unknown"):
        build()(mode='train')


class Table:
    def __len__(self):
        return self.pieces


@pytest.mark.parametrize(
    ('pieces', 'tokens', 'reason'),
    [
        (65, 16, r'65 pieces and text_encoder a table of 64: .*vocab_size=65'),
        (64, 17, 'max_tokens=17 and text_encoder has 16 positions: set model.tokenizer.max_tokens'),
        (64, 16, None),
    ],
)
def test_a_vocabulary_or_text_longer_than_a_table_is_refused(
    build, monkeypatch, pieces, tokens, reason
):
    tokenizer = Table()
    tokenizer.pieces, tokenizer.max_tokens = pieces, tokens
    monkeypatch.setattr(TASK_UTILS, 'build', lambda _: tokenizer)
    model = build()
    if reason is None:
        assert model.tokenizer is tokenizer
    else:
        with pytest.raises(ValueError, match=reason):
            _ = model.tokenizer
