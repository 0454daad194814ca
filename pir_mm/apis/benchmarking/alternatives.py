"""The plain textbook way to what this package computes, as a measure of its speed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pir_mm.functional import attention as attention_parts


def affiliation_by_sample(
    image: Tensor, text: Tensor, scene: Tensor, temperature: float = 0.07
) -> Tensor:
    """The authors' affiliation loss: for each sample a mask of its class and a mean."""
    text_centres, image_centres = [], []
    for label in scene:
        mask = scene == label
        text_centres.append(text[mask].mean(dim=0))
        image_centres.append(image[mask].mean(dim=0))
    target = torch.arange(len(scene))
    to_text = image @ torch.stack(text_centres).T / temperature
    to_image = text @ torch.stack(image_centres).T / temperature
    return 0.5 * (F.cross_entropy(to_text, target) + F.cross_entropy(to_image.T, target))


def contrastive_by_targets(
    image: Tensor, text: Tensor, image_of_text: Tensor, temperature: float = 0.07
) -> Tensor:
    """InfoNCE with several positives: a target distribution for each row, and a log-softmax."""
    logits = image @ text.T / temperature
    positive = (image_of_text.unsqueeze(0) == torch.arange(len(image)).unsqueeze(1)).float()
    of_images = positive / positive.sum(dim=1, keepdim=True)
    of_texts = positive.T / positive.T.sum(dim=1, keepdim=True)
    surprise_of_images = -(of_images * logits.log_softmax(dim=1)).sum(dim=1).mean()
    surprise_of_texts = -(of_texts * logits.T.log_softmax(dim=1)).sum(dim=1).mean()
    return 0.5 * (surprise_of_images + surprise_of_texts)


def hard_belief_by_image(tokens: Tensor, instruction: Tensor, keep: int) -> Tensor:
    """The hard strategy image by image: sort its tokens and take the first."""
    kept = []
    for own, wish in zip(tokens, instruction, strict=True):
        belief = (own @ wish).softmax(dim=0)
        order = belief.sort(descending=True).indices
        kept.append(torch.stack([own[index] for index in order[:keep]]))
    return torch.stack(kept)


def ranks_by_sorting(
    image: Tensor, text: Tensor, image_of_text: Tensor, images: Sequence[int], texts: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Rank of the first positive of some queries, from 0, by a stable sort of all their scores."""
    of_images = []
    for query in images:
        order = (text @ image[query]).argsort(descending=True, stable=True)
        of_images.append((image_of_text[order] == query).nonzero()[0, 0])
    of_texts = []
    for query in texts:
        order = (image @ text[query]).argsort(descending=True, stable=True)
        of_texts.append((order == image_of_text[query]).nonzero()[0, 0])
    return torch.stack(of_images), torch.stack(of_texts)


@torch.no_grad()
def scores_pair_by_pair(classifier: nn.Module, image: Tensor, text: Tensor) -> Tensor:
    """Log odds ``(n, m)`` by a ``PairClassifier`` as the paper writes it, on each pair by itself.

    Image and text, standardised, stand side by side in front of its first layer, in the order of
    the pairs.
    """
    weight = torch.cat([classifier.image.weight, classifier.text.weight], dim=1)
    image, text = classifier.image_norm(image), classifier.text_norm(text)
    rows = []
    for own in image:
        values = torch.cat([own.expand(len(text), -1), text], dim=1)
        for layer, norm in zip(
            [weight, *(inner.weight for inner in classifier.inner)], classifier.norms, strict=True
        ):
            values = norm(F.linear(values, layer)).relu()
        logits = classifier.last(values)
        rows.append(logits[:, 1] - logits[:, 0])
    return torch.stack(rows)


@contextmanager
def plain_attention() -> Iterator[None]:
    """Attention as its formula says, with the whole map in memory and PyTorch's own dropout."""
    fused, drop = F.scaled_dot_product_attention, attention_parts.drop

    def attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **_settings):
        scores = query @ key.transpose(-1, -2) / query.size(-1) ** 0.5
        if attn_mask is not None:
            scores = scores.masked_fill(~attn_mask, -torch.inf)
        return F.dropout(scores.softmax(dim=-1), dropout_p) @ value

    F.scaled_dot_product_attention, attention_parts.drop = attention, F.dropout
    try:
        yield
    finally:
        F.scaled_dot_product_attention, attention_parts.drop = fused, drop
