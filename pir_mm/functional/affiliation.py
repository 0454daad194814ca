"""Attraction of embeddings to the centre of their scene class in the other modality."""

import torch
from torch import Tensor


def affiliation(
    image_embedding: Tensor,
    image_class: Tensor,
    text_embedding: Tensor,
    text_class: Tensor,
    classes: int,
    temperature: Tensor | float,
    form: str,
) -> Tensor:
    """Cross entropy between embeddings and class centres, half of each direction.

    Args:
        image_embedding: ``(n, D)``.
        image_class: ``(n,)`` long in ``0 .. classes - 1``.
        text_embedding: ``(m, D)``.
        text_class: ``(m,)``; every class has at least one text and one image.
        classes: number of classes, ``C``.
        temperature: divisor of the inner products.
        form: ``'unique'``: each embedding picks its class among the ``C`` centres of the other
            modality. ``'pir_clip'``: it picks among as many centres as there are texts, where the
            centres of one class are identical copies and count as negatives. ``'pir'``: images as
            in ``'pir_clip'``, but the image centre of each text picks the text among all texts.
            The last two are the authors' and need image ``i`` to be the partner of text ``i``.

    Returns:
        Scalar, in nats; zero without any embedding.
    """
    to_text_centre = image_embedding @ class_centres(text_embedding, text_class, classes).T
    to_image_centre = text_embedding @ class_centres(image_embedding, image_class, classes).T
    to_text_centre, to_image_centre = to_text_centre / temperature, to_image_centre / temperature
    # A class of n texts stands n times in the authors' softmax: one column, heavier by log n.
    copies = 0 if form == 'unique' else _sizes(text_class, classes).log()
    of_image = _class_among_centres(to_text_centre, image_class, copies)
    if form == 'pir':
        return 0.5 * (of_image + _text_among_texts(to_image_centre, text_class))
    return 0.5 * (of_image + _class_among_centres(to_image_centre, text_class, copies))


def class_centres(embedding: Tensor, label: Tensor, classes: int) -> Tensor:
    """Mean embedding of each class ``(classes, D)``, not scaled to unit length.

    Args:
        embedding: ``(n, D)``.
        label: ``(n,)`` long in ``0 .. classes - 1``; a class without member has a zero centre.
        classes: number of classes.
    """
    total = embedding.new_zeros(classes, embedding.size(-1)).index_add(0, label, embedding)
    return total / _sizes(label, classes).clamp(min=1).unsqueeze(-1)


def _sizes(label: Tensor, classes: int) -> Tensor:
    ones = torch.ones(label.shape, device=label.device)
    return torch.zeros(classes, device=label.device).index_add(0, label, ones)


def _class_among_centres(logits: Tensor, label: Tensor, copies: Tensor | float) -> Tensor:
    own = logits.gather(1, label.unsqueeze(1)).squeeze(1)
    return ((logits + copies).logsumexp(dim=1) - own).sum() / max(len(label), 1)


def _text_among_texts(logits: Tensor, label: Tensor) -> Tensor:
    own = logits.gather(1, label.unsqueeze(1)).squeeze(1)
    return (logits.logsumexp(dim=0)[label] - own).sum() / max(len(label), 1)
