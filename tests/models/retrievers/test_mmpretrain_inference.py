"""Scores against everything that all processes hold."""

import torch
from mmpretrain.structures import DataSample
from torch.testing import assert_close

from pir_mm.models.retrievers import mmpretrain_inference as room
from pir_mm.models.retrievers.mmpretrain_inference import gather_rows, score_samples

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


def test_one_process_gathers_itself():
    assert_close(gather_rows(OWN), OWN)


def test_processes_with_different_numbers_are_joined_in_order(monkeypatch):
    pretend_two_processes(monkeypatch, OTHER)
    assert_close(gather_rows(OWN), torch.cat([OWN, OTHER]))
    pretend_two_processes(monkeypatch, OWN)
    assert_close(gather_rows(OTHER), torch.cat([OTHER, OWN]))


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
