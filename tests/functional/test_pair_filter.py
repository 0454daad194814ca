"""A perceptron over a grid against the same perceptron over each pair."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pir_mm.functional import pair_filter
from pir_mm.functional.pair_filter import Folded, fold_norm, grid_scores


def test_worked_out_by_hand():
    """Hidden values relu(1 + 2) = 3 and relu(1 - 4) = 0; then 2 * 3 + 5 * 0 - 1."""
    image, text = torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, -4.0]])
    last = Folded(torch.tensor([[2.0, 5.0]]), torch.tensor([-1.0]))
    assert grid_scores(image, text, [last]).tolist() == [[5.0]]


def test_a_norm_is_folded_into_the_layer_before_it():
    generator = torch.Generator().manual_seed(0)
    layer, norm = nn.Linear(5, 7, bias=False).double(), nn.BatchNorm1d(7).double().eval()
    for values in (norm.weight.data, norm.bias.data, norm.running_mean):
        values.normal_(generator=generator)
    norm.running_var.uniform_(0.1, 3, generator=generator)
    statistics = norm.running_mean, norm.running_var
    folded = fold_norm(layer.weight, *statistics, norm.weight, norm.bias, norm.eps)
    values = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    assert_close(nn.functional.linear(values, *folded), norm(layer(values)))


@pytest.mark.parametrize(('images', 'texts'), [(1, 1), (3, 5), (7, 2)])
@pytest.mark.parametrize('values', [1, 40, 10**6])
@pytest.mark.parametrize('widths', [(6, 1), (6, 4, 1), (6, 4, 3, 1)])
def test_any_block_gives_what_each_pair_gives_by_itself(monkeypatch, images, texts, values, widths):
    monkeypatch.setattr(pair_filter, 'VALUES', values)
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    image, text = draw(images, widths[0]), draw(texts, widths[0])
    layers = [Folded(draw(b, a), draw(b)) for a, b in zip(widths, widths[1:], strict=False)]
    before = image.clone(), text.clone()
    scores = grid_scores(image, text, layers)
    for i in range(images):
        for j in range(texts):
            hidden = (image[i] + text[j]).relu()
            for weight, bias in layers[:-1]:
                hidden = (weight @ hidden + bias).relu()
            assert_close(scores[i, j], (layers[-1].weight @ hidden + layers[-1].bias)[0])
    assert torch.equal(image, before[0]) and torch.equal(text, before[1])


def test_no_texts_and_no_images_have_no_scores():
    last = Folded(torch.ones(1, 2), torch.zeros(1))
    assert grid_scores(torch.zeros(3, 2), torch.zeros(0, 2), [last]).shape == (3, 0)
    assert grid_scores(torch.zeros(0, 2), torch.zeros(3, 2), [last]).shape == (0, 3)
