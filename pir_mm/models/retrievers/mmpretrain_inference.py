"""Scores of embeddings in the form that mmpretrain's retrieval tools read."""

import torch
from mmengine.dist import all_gather
from mmengine.structures import BaseDataElement
from mmpretrain.structures import DataSample
from torch import Tensor


def score_samples(
    image: Tensor,
    text: Tensor,
    data_samples: list[BaseDataElement] | None = None,
    num_images: int | None = None,
    num_texts: int | None = None,
    directions: tuple[bool, bool] = (True, True),
) -> tuple[list[DataSample], ...]:
    """Score this process's rows of each side against all processes' rows of the other.

    Args:
        image: ``(B, D)`` embeddings of this process; other processes may hold other numbers.
        text: ``(M, D)`` embeddings of this process.
        data_samples: what the embeddings were made from; their ``text`` and, as mmpretrain
            names them, ``gt_text_id`` and ``gt_image_id`` go into the result.
        num_images, num_texts: rows of all processes together that are no padding.
        directions: whether to score pictures against texts, and texts against pictures.

    Returns:
        For each direction asked for a list of samples with ``pred_score`` and ``pred_label``.
    """
    results = []
    if directions[0]:
        samples = [DataSample() for _ in image]
        for sample, given in zip(samples, data_samples or [], strict=False):
            known = dict(given.metainfo_items())
            known.pop('num_classes', None)  # of another score, which would have to be as long
            sample.set_metainfo(known)
            if 'gt_text_id' in given:
                sample.set_gt_label(given.gt_text_id)
        results.append(_scored(samples, image @ gather_rows(text)[:num_texts].T))
    if directions[1]:
        samples = _of_texts(data_samples) if data_samples else [DataSample() for _ in text]
        results.append(_scored(samples, text @ gather_rows(image)[:num_images].T))
    return tuple(results)


def gather_rows(rows: Tensor) -> Tensor:
    """Rows of all processes, in rank order; without gradient."""
    sizes = torch.cat(all_gather(torch.tensor([len(rows)], device=rows.device))).tolist()
    padded = rows.new_zeros(max(sizes), rows.size(-1))
    padded[: len(rows)] = rows.detach()
    parts = all_gather(padded)
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])


def _of_texts(data_samples: list[BaseDataElement]) -> list[DataSample]:
    samples = []
    for given in data_samples:
        texts = [given.text] if isinstance(given.text, str) else given.text
        for i, text in enumerate(texts):
            sample = DataSample(text=text)
            if 'gt_image_id' in given:
                sample.set_gt_label(given.gt_image_id[i])
            samples.append(sample)
    return samples


def _scored(samples: list[DataSample], scores: Tensor) -> list[DataSample]:
    for sample, row in zip(samples, scores, strict=True):
        sample.set_pred_score(row).set_pred_label(row.argmax(dim=-1, keepdim=True))
    return samples
