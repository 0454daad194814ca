"""What every retriever does with a batch."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.retrievers.dual_encoder import encode_in_length_groups


def batch(texts, longest=9):
    generator = torch.Generator().manual_seed(texts)
    lengths = torch.randint(1, longest + 1, (texts,), generator=generator)
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    ids = torch.randint(1, 50, mask.shape, generator=generator) * mask
    return ids, mask


class Encoder:
    """Sum and length of each text; keeps the shapes it was called with."""

    def __init__(self):
        self.shapes = []

    def __call__(self, ids, mask):
        self.shapes.append(tuple(ids.shape))
        return torch.stack([(ids * mask).sum(1), mask.sum(1)], dim=1).float()


@pytest.mark.parametrize('texts', [1, 31, 32, 50, 100])
@pytest.mark.parametrize('groups', [1, 2, 4])
def test_gives_what_one_call_gives_in_the_same_order(texts, groups):
    ids, mask = batch(texts)
    assert_close(encode_in_length_groups(Encoder(), ids, mask, groups), Encoder()(ids, mask))


def test_a_group_is_as_wide_as_its_longest_text():
    lengths = torch.tensor([8] + [3] * 31)
    mask = torch.arange(8) < lengths.unsqueeze(1)
    encoder = Encoder()
    encode_in_length_groups(encoder, mask.long(), mask, groups=2)
    assert encoder.shapes == [(16, 3), (16, 8)]


def test_few_texts_stay_together():
    encoder = Encoder()
    encode_in_length_groups(encoder, *batch(31), groups=4)
    assert len(encoder.shapes) == 1


def test_no_text_gives_no_row():
    encoder = Encoder()
    ids = torch.zeros(0, 5, dtype=torch.long)
    assert encode_in_length_groups(encoder, ids, ids.bool(), groups=4).shape == (0, 2)


def test_trains_every_text():
    ids, mask = batch(40)
    table = torch.randn(50, 3, requires_grad=True)

    def encode(ids, mask):
        return (table[ids] * mask.unsqueeze(-1)).sum(1)

    encode_in_length_groups(encode, ids, mask, groups=2).sum().backward()
    used = torch.zeros(50, dtype=torch.bool)
    used[ids[mask]] = True
    assert torch.equal(table.grad[:, 0] != 0, used)


TEXTS = ('a lake', ['two planes', 'a runway and planes'], [])
FLAT = ['a lake', 'two planes', 'a runway and planes']


class Recorder:
    """Stands in for the head's loss."""

    def __call__(self, *arguments):
        self.arguments = arguments
        return {'loss': arguments[0].sum()}


def test_a_loss_sees_all_texts_with_the_picture_of_each(build, samples, images, monkeypatch):
    model, recorder = build(), Recorder()
    monkeypatch.setattr(model.head, 'loss', recorder)
    model(images, samples(*TEXTS, scene=[4, -1, 2]), mode='loss')
    image, text, image_of_text, image_id, scene = recorder.arguments
    assert_close(image, model.encode_image(images))
    assert_close(text, model.encode_text(*model.tokenize(FLAT)))
    assert image_of_text.tolist() == [0, 1, 1]
    assert image_id.tolist() == [10, 11, 12]
    assert scene.tolist() == [4, -1, 2]
    assert {t.dtype for t in (image_of_text, image_id, scene)} == {torch.int64}


def test_pictures_without_scene_are_unlabelled(build, samples, images, monkeypatch):
    model, recorder = build(), Recorder()
    monkeypatch.setattr(model.head, 'loss', recorder)
    model(images, samples(*TEXTS), mode='loss')
    assert recorder.arguments[4].tolist() == [-1, -1, -1]


def test_prediction_gives_each_sample_its_own_embeddings(build, samples, images):
    model = build()
    given = samples(*TEXTS)
    predicted = model(images, given, mode='predict')
    text = model.encode_text(*model.tokenize(FLAT))
    assert all(a is b for a, b in zip(predicted, given, strict=True))
    assert_close(torch.stack([s.image_embedding for s in predicted]), model.encode_image(images))
    assert [len(s.text_embedding) for s in predicted] == [1, 2, 0]
    assert_close(torch.cat([s.text_embedding for s in predicted]), text)


def test_prediction_of_a_batch_without_any_text(build, samples, images):
    predicted = build()(images[:2], samples([], []), mode='predict')
    assert [s.text_embedding.shape for s in predicted] == [(0, 8), (0, 8)]


def test_features_of_what_is_given_and_of_nothing_else(build, samples, images):
    model = build()
    both = model.extract_feat(images, samples(*TEXTS))
    assert list(both) == ['image_feat', 'text_feat']
    assert list(model.extract_feat(images)) == ['image_feat']
    assert list(model.extract_feat(images, samples(None, None, None))) == ['image_feat']
    texts = model.extract_feat(data_samples=samples(*TEXTS))
    assert list(texts) == ['text_feat']
    assert_close(texts['text_feat'], both['text_feat'])
    assert_close(model(images, samples(*TEXTS), mode='tensor'), both)


def test_scores_in_both_directions(build, samples, images):
    model = build()
    given = samples(*TEXTS)
    feats = model.extract_feat(images, given)
    of_images, of_texts = model.predict_all(feats, given)
    scores = feats['image_feat'] @ feats['text_feat'].T
    assert_close(torch.stack([s.pred_score for s in of_images]), scores)
    assert_close(torch.stack([s.pred_score for s in of_texts]), scores.T)
    assert [s.pred_label.item() for s in of_texts] == scores.argmax(dim=0).tolist()
    assert [s.text for s in of_texts] == FLAT
    assert [s.image_id for s in of_images] == [10, 11, 12]
    assert 'pred_score' not in given[0]


def test_scores_in_the_direction_asked_for(build, samples, images):
    model = build()
    feats = model.extract_feat(images, samples(*TEXTS))
    (of_images,) = model.predict_all(feats, None, cal_t2i=False)
    (of_texts,) = model.predict_all(feats, None, cal_i2t=False)
    assert len(of_images[0].pred_score) == len(of_texts) == 3
    (query,) = model.predict_all(
        {**feats, 'text_feat': feats['text_feat'][:1]}, None, cal_i2t=False
    )
    assert len(query) == 1
    (short,) = model.predict_all(feats, None, num_texts=2, cal_t2i=False)
    assert len(short[0].pred_score) == 2
    (short,) = model.predict_all(feats, None, num_images=1, cal_i2t=False)
    assert len(short[0].pred_score) == 1


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
