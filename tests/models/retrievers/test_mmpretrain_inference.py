"""What mmpretrain's inferencers get: features, and scores against all processes."""

import torch
from mmpretrain.structures import DataSample
from torch.testing import assert_close

from pir_mm.models.losses import embedded_pairs
from pir_mm.models.retrievers import mmpretrain_inference as room
from pir_mm.models.retrievers.mmpretrain_inference import score_samples

OWN = torch.arange(6.0).view(2, 3)
OTHER = -torch.arange(12.0).view(4, 3)


def pretend_two_processes(monkeypatch, other):
    """This process holds what it gives, the other one ``other``."""

    def all_gather(tensor):
        if tensor.dim() == 1:
            return [tensor, torch.tensor([len(other)])]
        padded = torch.zeros_like(tensor)
        padded[: len(other)] = other
        return [tensor, padded]

    monkeypatch.setattr(room, 'all_gather', all_gather)
    monkeypatch.setattr(embedded_pairs, 'all_gather', all_gather)


def test_own_rows_are_scored_against_all(monkeypatch):
    pretend_two_processes(monkeypatch, OTHER)
    of_images, of_texts = score_samples(OWN, OWN, num_images=5, num_texts=4)
    everything = torch.cat([OWN, OTHER])
    assert_close(torch.stack([s.pred_score for s in of_images]), OWN @ everything[:4].T)
    assert_close(torch.stack([s.pred_score for s in of_texts]), OWN @ everything[:5].T)


def test_mmpretrains_ground_truth_goes_along():
    given = [
        DataSample(text=['a', 'b'], gt_text_id=[0, 1], gt_image_id=[7, 7]),
        DataSample(text=['c'], gt_text_id=[2], gt_image_id=[8]),
    ]
    of_images, of_texts = score_samples(OWN, torch.eye(3), given)
    assert [s.gt_label.tolist() for s in of_images] == [[0, 1], [2]]
    assert [s.gt_label.tolist() for s in of_texts] == [[7], [7], [8]]
    assert [s.text for s in of_texts] == ['a', 'b', 'c']


def test_samples_scored_before_may_be_scored_again():
    given = [DataSample().set_pred_score(torch.ones(7)) for _ in range(2)]
    (of_images,) = score_samples(OWN, OWN, given, directions=(True, False))
    assert_close(torch.stack([s.pred_score for s in of_images]), OWN @ OWN.T)
    assert given[0].num_classes == 7


TEXTS = ('a lake', ['two planes', 'a runway and planes'], [])
FLAT = ['a lake', 'two planes', 'a runway and planes']


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
