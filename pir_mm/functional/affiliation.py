"""Attraction of embeddings to the centre of their scene class in the other modality."""

import torch
import torch.nn.functional as F
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

    What has no class, and classes without an image or without a text, are left out by masks of
    fixed shape: no number is read on the host, so a GPU does not wait.

    Args:
        image_embedding: ``(n, D)``.
        image_class: ``(n,)`` long in ``0 .. classes - 1``, or -1 for none.
        text_embedding: ``(m, D)``.
        text_class: ``(m,)``, likewise.
        classes: upper bound of the classes. At most ``m + 1`` columns are computed.
        temperature: divisor of the inner products.
        form: ``'unique'``: each embedding picks its class among the centres of the other modality,
            one of each class. ``'pir_clip'``: it picks among as many centres as there are texts,
            where the centres of one class are identical copies and count as negatives. ``'pir'``:
            images as in ``'pir_clip'``, but the image centre of each text picks the text among all
            texts. The last two are the authors' and need image ``i`` to be the partner of text
            ``i``.

    Returns:
        Scalar, in nats; zero without any embedding.
    """
    if classes > len(text_class) + 1:
        image_class, text_class, classes = _renumbered(image_class, text_class)
    classes = max(classes, 1)  # a column to read, even if it is masked
    text_sizes, image_sizes = _sizes(text_class, classes), _sizes(image_class, classes)
    present = (text_sizes > 0) & (image_sizes > 0)
    image_class, text_class = _of_present(image_class, present), _of_present(text_class, present)

    text_centres = class_centres(text_embedding, text_class, classes)
    image_centres = class_centres(image_embedding, image_class, classes)
    to_text_centre = image_embedding @ text_centres.T / temperature
    to_image_centre = text_embedding @ image_centres.T / temperature
    # A class of n texts stands n times in the authors' softmax: one column, heavier by log n.
    copies = 0 if form == 'unique' else text_sizes.clamp(min=1).log()
    of_image = _class_among_centres(to_text_centre, image_class, present, copies)
    if form == 'pir':
        return 0.5 * (of_image + _text_among_texts(to_image_centre, text_class))
    return 0.5 * (of_image + _class_among_centres(to_image_centre, text_class, present, copies))


def class_centres(embedding: Tensor, label: Tensor, classes: int) -> Tensor:
    """Mean embedding of each class ``(classes, D)``, not scaled to unit length.

    Args:
        embedding: ``(n, D)``.
        label: ``(n,)`` long in ``0 .. classes - 1``, or -1 for an embedding that does not count. A
            class without member has a zero centre.
        classes: number of classes.
    """
    total = embedding.new_zeros(classes + 1, embedding.size(-1)).index_add(0, label + 1, embedding)
    return total[1:] / _sizes(label, classes).clamp(min=1).unsqueeze(-1)


def _renumbered(image_class: Tensor, text_class: Tensor) -> tuple[Tensor, Tensor, int]:
    """The same classes by numbers up to ``m``, -1 for those of images that no text has."""
    known = F.pad(text_class, (1, 0), value=-1).sort().values
    number = torch.searchsorted(known, image_class).clamp(max=len(text_class))
    shared = (image_class >= 0) & (known[number] == image_class)
    of_text = torch.searchsorted(known, text_class).masked_fill(text_class < 0, -1)
    return number.masked_fill(~shared, -1), of_text, len(known)


def _sizes(label: Tensor, classes: int) -> Tensor:
    """How often each class comes; -1 is counted apart and cut off."""
    ones = torch.ones(label.shape, device=label.device)
    counted = torch.zeros(classes + 1, device=label.device).index_add(0, label + 1, ones)
    return counted[1:]


def _of_present(label: Tensor, present: Tensor) -> Tensor:
    """The labels, -1 where the class is not present."""
    return label.masked_fill(~present[label.clamp(min=0)], -1)


def _mean_of_labelled(surprise: Tensor, label: Tensor) -> Tensor:
    labelled = label >= 0
    return surprise.masked_fill(~labelled, 0).sum() / labelled.sum().clamp(min=1)


def _own(logits: Tensor, label: Tensor) -> Tensor:
    return logits.gather(1, label.clamp(min=0).unsqueeze(1)).squeeze(1)


def _class_among_centres(
    logits: Tensor, label: Tensor, present: Tensor, copies: Tensor | float
) -> Tensor:
    among = (logits.masked_fill(~present, -torch.inf) + copies).logsumexp(dim=1)
    return _mean_of_labelled(among - _own(logits, label), label)


def _text_among_texts(logits: Tensor, label: Tensor) -> Tensor:
    among = logits.masked_fill((label < 0).unsqueeze(1), -torch.inf).logsumexp(dim=0)
    return _mean_of_labelled(among[label.clamp(min=0)] - _own(logits, label), label)
