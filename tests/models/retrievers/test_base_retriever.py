"""What every retriever does with a batch."""

import pytest
import torch
from torch.testing import assert_close

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
