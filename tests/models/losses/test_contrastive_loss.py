import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS
from torch.testing import assert_close

NOWHERE = torch.tensor([-1, -1])


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.ContrastiveLoss', **kwargs})


def test_equals_the_authors_code(loss_and_gradients, agrees):
    agrees(loss_and_gradients(build()), 'contrastive')


def test_on_distinct_pictures_it_is_that_of_pir_clip(loss_and_gradients, golden):
    value, *_ = loss_and_gradients(build(), image_id=torch.arange(24))
    assert_close(value, torch.tensor(golden['pir_clip_loss_contrastive']))


def test_a_value_worked_out_by_hand():
    image = text = torch.eye(2)
    loss = build(temperature=0.5)(image, text, torch.arange(2), torch.arange(2), NOWHERE)
    # Similarities over the temperature are 2 on the diagonal, else 0.
    assert_close(loss, torch.log(1 + torch.exp(torch.tensor(-2.0))))


def test_texts_of_one_picture_do_not_push_each_other_away():
    image = torch.eye(3)[[0, 1, 0]]
    text = torch.eye(3)[[0, 0, 1, 0]]
    owner, image_id = torch.tensor([0, 2, 1, 2]), torch.tensor([5, 6, 5])
    text.requires_grad_()
    loss = build()(image, text, owner, image_id, torch.zeros(3).long())
    loss.backward()
    alone = build()(image[:2], text[:3], torch.tensor([0, 0, 1]), image_id[:2], NOWHERE)
    assert loss.item() > alone.item()  # three positives share what one had
    assert_close(text.grad[0], text.grad[1])
    assert_close(text.grad[0], text.grad[3])


def test_weight_multiplies():
    given = torch.eye(2), torch.eye(2).flip(0), torch.arange(2), torch.arange(2), NOWHERE
    assert_close(build(weight=0.25)(*given), build()(*given) / 4)


def test_a_batch_of_one_has_nothing_to_tell_apart():
    one = torch.ones(1, 1)
    assert build()(one, one, torch.tensor([0]), torch.tensor([3]), torch.tensor([-1])).item() == 0


def test_its_temperature_is_learnt_without_weight_decay_by_the_key_temperature():
    model = torch.nn.ModuleDict({'loss': build(), 'encoder': torch.nn.Linear(2, 2)})
    schedule = {
        'optimizer': {'type': 'AdamW', 'lr': 0.1, 'weight_decay': 0.5},
        'paramwise_cfg': {'custom_keys': {'temperature': {'decay_mult': 0.0}}},
    }
    groups = build_optim_wrapper(model, schedule).optimizer.param_groups
    decay = {id(p): group['weight_decay'] for group in groups for p in group['params']}
    assert decay[id(model['loss'].temperature.value)] == 0
    assert decay[id(model['encoder'].weight)] == 0.5


def test_shows_its_constants():
    shown = repr(build(temperature=0.1, weight=2.0))
    assert 'weight=2.0' in shown and '0.1, fixed=False, limits=(0.001, 0.5)' in shown
