"""What an evaluation gets of a batch: a sample for each image, with the texts that came with it."""

from collections.abc import Sequence
from typing import Any

from mmengine.structures import BaseDataElement
from torch import Tensor

from pir_mm.structures.pair_batch import PairBatch


def evaluation_samples(
    batch: PairBatch, kind: str, images: Sequence[Tensor], texts: Sequence[Tensor]
) -> list[BaseDataElement]:
    """Samples in the order of the images.

    Each has ``image_id``, ``scene``, ``text_id`` of the texts that came with the image and
    ``caption_id`` of all its captions; ``image_<kind>``, and ``text_<kind>`` with one entry for
    each of these texts.

    Args:
        batch: of an evaluation.
        kind: what was computed, such as ``'embedding'``.
        images: for each image of the batch what was computed of it, on the CPU.
        texts: likewise for each text.

    Raises:
        ValueError: if the batch is not one of an evaluation.
    """
    if batch.caption_id is None:
        raise ValueError(
            'an evaluation needs caption_id of every image: set test_mode=True in its dataset'
        )
    texts_of = _rows_of_each(batch.image_of_text, len(images))
    captions_of = _rows_of_each(batch.image_of_caption, len(images))
    text_id, caption_id = batch.text_id.cpu(), batch.caption_id.cpu()
    columns = zip(
        batch.image_id.tolist(), batch.scene.tolist(), images, texts_of, captions_of, strict=True
    )
    return [
        BaseDataElement(
            metainfo=dict(
                image_id=image_id,
                scene=scene,
                text_id=text_id[own].tolist(),
                caption_id=caption_id[captions].tolist(),
            ),
            **{f'image_{kind}': image, f'text_{kind}': _taken(texts, own)},
        )
        for image_id, scene, image, own, captions in columns
    ]


def _taken(texts: Sequence[Tensor], rows: Tensor) -> Any:
    return texts[rows] if isinstance(texts, Tensor) else [texts[row] for row in rows.tolist()]


def _rows_of_each(image_of_row: Tensor, images: int) -> tuple[Tensor, ...]:
    """For each image the rows that belong to it, ascending."""
    image_of_row = image_of_row.cpu()
    counts = image_of_row.bincount(minlength=images).tolist()
    return image_of_row.argsort(stable=True).split(counts)
