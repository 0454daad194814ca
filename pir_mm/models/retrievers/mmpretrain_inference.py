"""What mmpretrain's inferencers ask of a retrieval model, and nothing else.

``TextToImageRetrievalInferencer`` and ``ImageToTextRetrievalInferencer`` call ``extract_feat`` and
``predict_all``, and read scores from samples of their own kind. Training, evaluation and search
of this package use none of this.
"""

import torch
from mmengine.dist import all_gather
from mmengine.structures import BaseDataElement
from mmpretrain.structures import DataSample
from torch import Tensor

from pir_mm.models.losses.embedded_pairs import gather_rows


class MMPretrainInference:
    """Mixin for a model that has ``encode_image``, ``encode_text`` and ``tokenize``."""

    def extract_feat(
        self,
        images: Tensor | None = None,
        data_samples: list[BaseDataElement] | None = None,
    ) -> dict[str, Tensor]:
        """Embeddings of what is given: ``image_feat`` (B, D) and ``text_feat`` (M, D).

        The ``text`` of a sample is one string or a list of strings. If no sample has a text, there
        is no ``text_feat``.
        """
        feats = {}
        if images is not None:
            feats['image_feat'] = self.encode_image(images)
        if data_samples is not None and any('text' in sample for sample in data_samples):
            texts = [text for sample in data_samples for text in _texts_of(sample)]
            feats['text_feat'] = self.encode_text(*self.tokenize(texts))
        return feats

    def predict_all(
        self,
        feats: dict[str, Tensor],
        data_samples: list[BaseDataElement] | None = None,
        num_images: int | None = None,
        num_texts: int | None = None,
        cal_i2t: bool = True,
        cal_t2i: bool = True,
    ) -> tuple[list[BaseDataElement], ...]:
        """Score the images and texts of this process against those of all processes.

        Args:
            feats: both kinds of embeddings, as ``extract_feat`` gives them.
            data_samples: samples to copy from, if there are any.
            num_images, num_texts: numbers over all processes; what exceeds them is padding.
            cal_i2t, cal_t2i: which directions to score.

        Returns:
            One list for each requested direction, images before texts: samples with ``pred_score``
            over the whole other side.
        """
        return score_samples(
            feats['image_feat'],
            feats['text_feat'],
            data_samples,
            num_images=num_images,
            num_texts=num_texts,
            directions=(cal_i2t, cal_t2i),
        )


def score_samples(
    image: Tensor,
    text: Tensor,
    data_samples: list[BaseDataElement] | None = None,
    num_images: int | None = None,
    num_texts: int | None = None,
    directions: tuple[bool, bool] = (True, True),
) -> tuple[list[DataSample], ...]:
    """Score the rows of this process on each side against the rows of all processes on the other.

    Args:
        image: ``(B, D)`` embeddings of this process; other processes may hold other numbers.
        text: ``(M, D)`` embeddings of this process.
        data_samples: what the embeddings were made from; their ``text`` and, as mmpretrain
            names them, ``gt_text_id`` and ``gt_image_id`` go into the result.
        num_images, num_texts: rows of all processes together that are not padding.
        directions: whether to score pictures against texts, and texts against pictures.

    Returns:
        For each requested direction a list of samples with ``pred_score`` and ``pred_label``.
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
        results.append(_scored(samples, image @ _all_rows(text)[:num_texts].T))
    if directions[1]:
        samples = _of_texts(data_samples) if data_samples else [DataSample() for _ in text]
        results.append(_scored(samples, text @ _all_rows(image)[:num_images].T))
    return tuple(results)


def _all_rows(rows: Tensor) -> Tensor:
    """Rows of all processes, in rank order; without gradient."""
    counts = torch.cat(all_gather(torch.tensor([len(rows)], device=rows.device))).tolist()
    return gather_rows(rows.detach(), counts)


def _of_texts(data_samples: list[BaseDataElement]) -> list[DataSample]:
    samples = []
    for given in data_samples:
        for i, text in enumerate(_texts_of(given)):
            sample = DataSample(text=text)
            if 'gt_image_id' in given:
                sample.set_gt_label(given.gt_image_id[i])
            samples.append(sample)
    return samples


def _scored(samples: list[DataSample], scores: Tensor) -> list[DataSample]:
    for sample, row in zip(samples, scores, strict=True):
        sample.set_pred_score(row).set_pred_label(row.argmax(dim=-1, keepdim=True))
    return samples


def _texts_of(sample: BaseDataElement) -> list[str]:
    text = sample.get('text', [])
    return [text] if isinstance(text, str) else list(text)
