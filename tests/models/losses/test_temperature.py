import pytest
import torch

from pir_mm.models.losses import Temperature


def test_stays_within_its_limits_and_can_come_back():
    temperature = Temperature(0.07, fixed=False, limits=(0.01, 0.5))
    optimizer = torch.optim.SGD(temperature.parameters(), lr=1.0)
    for pull, expected in ((1.0, 0.01), (-0.1, 0.11), (-9.0, 0.5), (0.4, 0.1)):
        optimizer.zero_grad()
        (pull * temperature()).backward()
        optimizer.step()
        assert temperature().item() == pytest.approx(expected)


def test_may_be_read_twice_before_one_backward_pass():
    temperature = Temperature()
    (1 / temperature() + 2 / temperature()).backward()
    assert temperature.value.grad.item() == pytest.approx(-3 / 0.07**2)


def test_fixed_is_no_parameter_but_saved_under_the_same_name():
    fixed, learnt = (Temperature(0.07, fixed=f, limits=(0.001, 0.5)) for f in (True, False))
    assert not list(fixed.parameters()) and len(list(learnt.parameters())) == 1
    learnt.load_state_dict(fixed.state_dict())
    assert 'fixed=True' in repr(fixed)


def test_is_float32_in_a_half_precision_model():
    assert Temperature(0.5, fixed=False, limits=(0.1, 1)).half()().dtype == torch.float32


@pytest.mark.parametrize(
    'init, limits', [(0.6, (0.001, 0.5)), (0.0, (0.0, 0.5)), (0.1, (0.5, 0.1))]
)
def test_says_what_is_wrong(init, limits):
    with pytest.raises(ValueError, match=f'temperature={init} must be within its limits'):
        Temperature(init, fixed=False, limits=limits)
