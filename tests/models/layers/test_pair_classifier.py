"""The perceptron over pairs, pair by pair and as a grid."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

IMAGES, TEXTS = 4, 6


def build(**changes):
    settings = dict(image_dim=5, text_dim=3, hidden=(8, 4)) | changes
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.PairClassifier', **settings)).double()


def with_statistics(model):
    """Norms as after a training."""
    generator = torch.Generator().manual_seed(2)
    for norm in model.norms:
        for values in (norm.weight.data, norm.bias.data):
            values.normal_(generator=generator)
    for norm in (*model.norms, model.image_norm, model.text_norm):
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.2, 2, generator=generator)
    return model.eval()


def vectors(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(IMAGES, 5, generator=generator, dtype=torch.float64),
        torch.randn(TEXTS, 3, generator=generator, dtype=torch.float64),
    )


def every_pair():
    rows, columns = torch.meshgrid(torch.arange(IMAGES), torch.arange(TEXTS), indexing='ij')
    return rows.flatten(), columns.flatten()


def plain(model, image, text, pairs):
    """The paper's network on image and text side by side, with nothing taken apart."""
    image, text = model.image_norm(image), model.text_norm(text)
    values = torch.cat([image[pairs[0]], text[pairs[1]]], dim=1)
    weights = [torch.cat([model.image.weight, model.text.weight], dim=1)]
    weights += [layer.weight for layer in model.inner]
    for weight, norm in zip(weights, model.norms, strict=True):
        values = norm(values @ weight.T).relu()
    return model.last(values)


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('hidden', [(8,), (8, 4), (6, 7, 5)])
def test_is_the_network_of_the_paper(hidden, training):
    model = with_statistics(build(hidden=hidden)).train(training)
    image, text = vectors()
    rows, columns = every_pair()
    assert_close(model(image, text, rows, columns), plain(model, image, text, (rows, columns)))


@pytest.mark.parametrize('hidden', [(8,), (8, 4), (6, 7, 5)])
def test_a_grid_scores_as_the_network_on_each_pair(hidden):
    model = with_statistics(build(hidden=hidden))
    image, text = vectors()
    logits = plain(model, image, text, every_pair())
    grid = model.compare(model.image_rows(image), model.text_rows(text))
    wanted = (logits[:, 1] - logits[:, 0]).view(IMAGES, TEXTS)
    assert_close(grid, wanted, rtol=0, atol=1e-10)
    assert torch.equal(grid.flatten().argsort(), logits.softmax(dim=1)[:, 1].argsort())


def test_a_norm_must_see_true_and_false_pairs_together():
    """Apart, each call is normalised by itself, which tells whether the pairs are true."""
    model = build().train()
    image, text = vectors()
    rows, columns = every_pair()
    together = model(image, text, rows, columns)
    apart = torch.cat([model(image, text, rows[h], columns[h]) for h in (slice(9), slice(9, 24))])
    assert (together - apart).abs().max() > 0.01
    model.eval()
    whole = model(image, text, rows, columns)
    parts = torch.cat([model(image, text, rows[h], columns[h]) for h in (slice(9), slice(9, 24))])
    assert_close(whole, parts)


def test_texts_that_hardly_differ_are_told_apart():
    model = build().train()
    image, text = vectors()
    wanted = model(image, text, *every_pair())
    assert_close(model(image, 50 + 1e-3 * text, *every_pair()), wanted, rtol=1e-3, atol=1e-3)


def test_every_parameter_learns():
    model = build().train()
    logits = model(*vectors(), *every_pair())
    (logits[:, 1] - logits[:, 0]).pow(2).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_as_large_as_the_widths_say():
    """Of a concatenation of 768 and 768: 1536 * 768 + 768 * 256 + 256 * 2 + 2, and the norms."""
    model = MODELS.build(dict(type='pir_mm.PairClassifier', image_dim=768, text_dim=768))
    wanted = 1536 * 768 + 768 * 256 + 256 * 2 + 2 + 2 * (768 + 256)
    assert sum(p.numel() for p in model.parameters()) == wanted


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match='needs at least one hidden layer'):
        build(hidden=())
