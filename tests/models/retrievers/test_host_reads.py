"""A training step in which the device never waits for the host, on tensors without values."""

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch._subclasses.fake_tensor import DataDependentOutputException

from pir_mm.structures.pair_batch import PairBatch
from tests.devices import fake_tensors, move_to_fake

B, M, L = 40, 96, 12
LOSSES = {
    'image': {'type': 'pir_mm.ContrastiveLoss', 'positives': 'image'},
    'image_or_text': {'type': 'pir_mm.ContrastiveLoss'},
    'pair': {'type': 'pir_mm.ContrastiveLoss', 'positives': 'pair'},
    'triplet': {'type': 'pir_mm.TripletLoss'},
    'unique': {'type': 'pir_mm.AffiliationLoss'},
    'pir': {'type': 'pir_mm.AffiliationLoss', 'form': 'pir'},
    'pir_clip': {'type': 'pir_mm.AffiliationLoss', 'form': 'pir_clip'},
}
SOFT = {'selector': {'type': 'pir_mm.BeliefSelector', 'strategy': 'soft'}}


def fake_batch(n_scenes=30):
    """What the loader gives; the lengths are numbers that the host knows."""
    return PairBatch(
        images=torch.empty(B, 3, 64, 64, dtype=torch.uint8),
        token_ids=torch.empty(M, L, dtype=torch.long),
        token_mask=torch.empty(M, L, dtype=torch.bool),
        text_length=np.full(M, L),
        image_of_text=torch.empty(M, dtype=torch.long),
        image_id=torch.empty(B, dtype=torch.long),
        text_id=torch.empty(M, dtype=torch.long),
        scene=torch.empty(B, dtype=torch.long),
        n_scenes=n_scenes,
    )


@pytest.fixture(params=[{}, SOFT, {'text_groups': 1}], ids=['hard', 'soft', 'one group'])
def model(build, request):
    head = {'type': 'pir_mm.RetrievalHead', 'losses': LOSSES}
    return build(head=head, **request.param).train()


@pytest.mark.parametrize('n_scenes', [0, 30, 10_000])
def test_no_loss_waits_for_a_number_or_a_copy(model, n_scenes):
    with fake_tensors():
        given = move_to_fake(model, 'cuda').data_preprocessor(fake_batch(n_scenes), True)
        losses = model(**given, mode='loss')
    assert {value.device.type for value in losses.values()} == {'cuda'}
    assert len(losses) == len(LOSSES) + 2


def test_a_whole_step_reads_no_number(model):
    schedule = {'optimizer': {'type': 'AdamW', 'lr': 0.1}, 'type': 'pir_mm.Bf16OptimWrapper'}
    with fake_tensors():
        move_to_fake(model, 'cpu')
        optimiser = build_optim_wrapper(model, schedule)
        model.train_step(fake_batch(), optimiser)
    assert len(optimiser.optimizer.state) == sum(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    ('wait', 'error'),
    [
        (lambda x: x.sum().item(), DataDependentOutputException),
        (lambda x: x.cpu(), AssertionError),
        (lambda x: torch.ones(2).to('cuda'), AssertionError),
        (lambda x: x + torch.ones(2), RuntimeError),
    ],
)
def test_waiting_would_be_noticed(wait, error):
    with fake_tensors(), pytest.raises(error):
        wait(torch.ones(2, device='cuda'))
