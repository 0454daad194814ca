"""A module is filled whole, or what is wrong is told in one sentence."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pir_mm.files.fitting import load_whole, mismatch

WEIGHTS = {'weight': torch.ones(2, 3), 'bias': torch.zeros(2)}


def test_loads_every_tensor():
    linear = nn.Linear(3, 2)
    load_whole(linear, {**WEIGHTS, 'head.x': torch.ones(1)}, 'f.pth', 'part', surplus=['head.*'])
    assert_close(linear.weight, torch.ones(2, 3))
    assert_close(linear.bias, torch.zeros(2))


@pytest.mark.parametrize(
    ('weights', 'reason'),
    [
        (
            {'weight': torch.ones(2, 3)},
            '1 of its 2 tensors are there; missing: bias. Give',
        ),
        (
            {**WEIGHTS, 'scale': torch.ones(1)},
            '2 of its 2 tensors are there; left over: scale. Give',
        ),
        (
            {**WEIGHTS, 'bias': torch.ones(5)},
            r'1 of its 2 .* there; of another shape: bias is \(5,\) instead of \(2,\). G',
        ),
        ({str(i): torch.ones(1) for i in range(5)}, '0 of its 2 .* left over: 0, 1, 2 and 2 more'),
    ],
)
def test_refuses_all_but_the_whole(weights, reason):
    with pytest.raises(ValueError, match=f'f.pth does not fit text_encoder: {reason}') as caught:
        load_whole(nn.Linear(3, 2), weights, 'f.pth', 'text_encoder')
    assert '--cfg-options model.text_encoder.init=random' in str(caught.value)
    assert '\n' not in str(caught.value)


def test_what_a_module_computes_may_be_missing():
    load_whole(nn.Linear(3, 2), {'weight': torch.ones(2, 3)}, 'f', 'part', optional=['bias'])


def test_a_tensor_has_one_fault_only():
    linear = nn.Linear(3, 2)
    given = {'weight': torch.ones(2, 4), 'scale': torch.ones(1)}
    assert mismatch(linear, given) == (
        '0 of its 2 tensors are there; missing: bias; '
        'of another shape: weight is (2, 4) instead of (2, 3); left over: scale'
    )
    assert mismatch(linear, given, optional=['bias', 'wei*'], surplus=['scale']) is None
    assert mismatch(linear, linear.state_dict()) is None


def test_names_under_another_prefix_are_said_once():
    given = {f'net.{name}': value for name, value in nn.Linear(2, 1).state_dict().items()}
    fault = mismatch(nn.Linear(2, 1), given)
    assert fault.startswith('0 of its 2 tensors are there; missing: weight, bias; ')
    assert fault.endswith("left over: all of them begin with 'net'")
