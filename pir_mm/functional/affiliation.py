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
    image_taken, text_taken = _taken(image_class, present), _taken(text_class, present)
    image_class, text_class = image_class.clamp(min=0), text_class.clamp(min=0)

    text_centres = class_centres(text_embedding, text_class, text_taken, classes)
    image_centres = class_centres(image_embedding, image_class, image_taken, classes)
    to_text_centre = (image_embedding @ text_centres.T / temperature).masked_fill(
        ~present, -torch.inf
    )
    to_image_centre = text_embedding @ image_centres.T / temperature
    # A class of n texts stands n times in the authors' softmax: one column, heavier by log n.
    copies = 0 if form == 'unique' else text_sizes.clamp(min=1).log()
    of_image = _class_among_centres(to_text_centre, image_class, image_taken, copies)
    if form == 'pir':
        return 0.5 * (of_image + _text_among_texts(to_image_centre, text_class, text_taken))
    to_image_centre = to_image_centre.masked_fill(~present, -torch.inf)
    return 0.5 * (of_image + _class_among_centres(to_image_centre, text_class, text_taken, copies))


def class_centres(embedding: Tensor, label: Tensor, taken: Tensor, classes: int) -> Tensor:
    """Mean embedding of each class ``(classes, D)``, not scaled to unit length.

    Args:
        embedding: ``(n, D)``.
        label: ``(n,)`` long in ``0 .. classes - 1``; a class without member has a zero centre.
        taken: ``(n,)`` bool, which embeddings count.
        classes: number of classes.
    """
    embedding = embedding.masked_fill(~taken.unsqueeze(-1), 0)
    total = embedding.new_zeros(classes, embedding.size(-1)).index_add(0, label, embedding)
    return total / _sizes(label.masked_fill(~taken, -1), classes).clamp(min=1).unsqueeze(-1)


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


def _taken(label: Tensor, present: Tensor) -> Tensor:
    return (label >= 0) & present[label.clamp(min=0)]


def _mean_of_taken(surprise: Tensor, taken: Tensor) -> Tensor:
    return surprise.masked_fill(~taken, 0).sum() / taken.sum().clamp(min=1)


def _class_among_centres(
    logits: Tensor, label: Tensor, taken: Tensor, copies: Tensor | float
) -> Tensor:
    own = logits.gather(1, label.unsqueeze(1)).squeeze(1)
    return _mean_of_taken((logits + copies).logsumexp(dim=1) - own, taken)


def _text_among_texts(logits: Tensor, label: Tensor, taken: Tensor) -> Tensor:
    own = logits.gather(1, label.unsqueeze(1)).squeeze(1)
    among = logits.masked_fill(~taken.unsqueeze(1), -torch.inf).logsumexp(dim=0)
    return _mean_of_taken(among[label] - own, taken)
