from math import log

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.affiliation import affiliation, class_centres


def surprise(scores, own):
    return torch.logsumexp(torch.stack(scores), 0) - scores[own]


def by_loop(image, image_class, text, text_class, temperature, form):
    """Sample by sample; the authors' forms with one copy of a centre for each sample."""

    def centre(embedding, label, wanted):
        return torch.stack([e for e, c in zip(embedding, label, strict=True) if c == wanted]).mean(
            0
        )

    classes = sorted(set(text_class.tolist()))
    if form == 'unique':
        text_centres = [centre(text, text_class, c) for c in classes]
        image_centres = [centre(image, image_class, c) for c in classes]
        first = [
            surprise([v @ c / temperature for c in text_centres], classes.index(int(label)))
            for v, label in zip(image, image_class, strict=True)
        ]
        second = [
            surprise([t @ c / temperature for c in image_centres], classes.index(int(label)))
            for t, label in zip(text, text_class, strict=True)
        ]
    else:
        text_centres = [centre(text, text_class, c) for c in text_class]
        image_centres = [centre(image, image_class, c) for c in image_class]
        first = [
            surprise([v @ c / temperature for c in text_centres], i) for i, v in enumerate(image)
        ]
        rows = [(t, image_centres) for t in text]
        if form == 'pir':
            rows = [(c, list(text)) for c in image_centres]
        second = [
            surprise([a @ b / temperature for b in others], i) for i, (a, others) in enumerate(rows)
        ]
    return 0.5 * (torch.stack(first).mean() + torch.stack(second).mean())


def case(images, texts, classes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image, text = (torch.randn(n, 6, generator=generator) for n in (images, texts))
    return image, torch.arange(images) % classes, text, torch.arange(texts) % classes


def test_centres_worked_out_by_hand():
    embedding = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    label = torch.tensor([2, 2, 0])
    assert class_centres(embedding, label, 3).tolist() == [[2, 2], [0, 0], [0.5, 0.5]]
    label = torch.tensor([2, -1, -1])
    assert class_centres(embedding, label, 3).tolist() == [[0, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    'images, texts, classes', [(1, 1, 1), (1, 3, 1), (5, 5, 2), (7, 7, 7), (4, 9, 3)]
)
@pytest.mark.parametrize('form', ['unique', 'pir', 'pir_clip'])
def test_value_and_gradients_agree_with_the_loop(images, texts, classes, form):
    if form != 'unique':
        images = texts
    given = case(images, texts, classes)
    results = []
    for function in (
        lambda i, a, t, b: affiliation(i, a, t, b, classes, 0.7, form),
        lambda i, a, t, b: by_loop(i, a, t, b, 0.7, form),
    ):
        image, text = given[0].clone().requires_grad_(), given[2].clone().requires_grad_()
        loss = function(image, given[1], text, given[3])
        loss.backward()
        results.append((loss.detach(), image.grad, text.grad))
    assert_close(*results)


@pytest.mark.parametrize('form, floor', [('unique', 0.0), ('pir', log(4)), ('pir_clip', log(4))])
def test_class_mates_put_a_floor_under_the_authors_forms_only(form, floor):
    """Perfect embeddings, three classes of four, one axis each."""
    label = torch.arange(12) % 3
    embedding = torch.eye(3)[label]
    loss = affiliation(embedding, label, embedding, label, 3, 0.01, form)
    assert_close(loss, torch.tensor(floor))


def test_one_class_has_nothing_to_tell_apart():
    image, label, text, _ = case(4, 4, 1)
    image.requires_grad_()
    loss = affiliation(image, label, text, label, 1, 0.1, 'unique')
    loss.backward()
    assert_close(loss.item(), 0.0, atol=1e-6, rtol=0)
    assert_close(image.grad, torch.zeros(4, 6), atol=1e-6, rtol=0)


@pytest.mark.parametrize('form', ['unique', 'pir', 'pir_clip'])
def test_no_embedding_at_all_is_zero_with_a_graph(form):
    image = torch.zeros(0, 6, requires_grad=True)
    label = torch.zeros(0, dtype=torch.long)
    loss = affiliation(image, label, image, label, 0, 0.1, form)
    loss.backward()
    assert loss.item() == 0


def test_does_not_depend_on_the_order_or_on_the_names_of_classes():
    image, image_class, text, text_class = case(6, 9, 3)
    loss = affiliation(image, image_class, text, text_class, 3, 0.2, 'unique')
    order, names = torch.randperm(9), torch.tensor([2, 0, 1])
    shuffled = affiliation(
        image, names[image_class], text[order], names[text_class[order]], 3, 0.2, 'unique'
    )
    assert_close(shuffled, loss)


@pytest.mark.parametrize('classes', [9, 10_000], ids=['few', 'more than texts'])
@pytest.mark.parametrize('form', ['unique', 'pir', 'pir_clip'])
@pytest.mark.parametrize('lonely', [8, 3])
def test_what_has_no_class_or_no_partner_is_as_if_absent(form, classes, lonely):
    """Image 3 and its text have no class; the class of image 5 has no text."""
    image, _, text, _ = case(6, 6, 1)
    label = torch.tensor([5, 2, 5, -1, 2, lonely])
    taken = torch.tensor([0, 1, 2, 4])
    text_label = label.clone()
    text_label[5] = -1
    if form != 'unique':
        label = text_label
    leaves = [image.requires_grad_(), text.requires_grad_()]
    whole = affiliation(image, label, text, text_label, classes, 0.3, form)
    alone = affiliation(image[taken], label[taken], text[taken], label[taken], 9, 0.3, form)
    assert_close(whole, alone)
    gradients = torch.autograd.grad(whole, leaves)
    assert_close(gradients, torch.autograd.grad(alone, leaves))
    assert not gradients[0][[3, 5]].any()


@pytest.mark.parametrize('form', ['unique', 'pir', 'pir_clip'])
def test_nothing_with_a_class_is_zero_with_a_finite_graph(form):
    image = torch.eye(2, requires_grad=True)
    none = torch.tensor([-1, -1])
    loss = affiliation(image, none, image, none, 0, 0.1, form)
    loss.backward()
    assert loss.item() == 0 and not image.grad.any()


def test_a_class_of_texts_alone_is_as_if_absent():
    image, _, text, _ = case(4, 5, 1)
    image_label, text_label = torch.tensor([0, 1, 0, 1]), torch.tensor([0, 1, 1, 0, 7])
    whole = affiliation(image, image_label, text, text_label, 9, 0.3, 'unique')
    alone = affiliation(image, image_label, text[:4], text_label[:4], 9, 0.3, 'unique')
    assert_close(whole, alone)
