"""Items of caption sets, made of annotations, whose texts are numbered by their words."""

from typing import NamedTuple

import numpy as np

from pir_mm.functional.caption_cleaning import caption_words


class Numbering(NamedTuple):
    """The numbers of a set in a larger one: what to add to image ids, and new labels and text ids.

    ``scene`` (S,) and ``text`` (T,) hold the new number of each old one.
    """

    first_image: int
    scene: np.ndarray
    text: np.ndarray

    def of(self, info: dict) -> dict:
        """An item with its numbers in the larger set."""
        new = {'image_id': info['image_id'] + self.first_image}
        new['scene'] = int(self.scene[info['scene']]) if info['scene'] >= 0 else -1
        for key in ('text_id', 'caption_id'):
            if key in info:
                new[key] = self.text[info[key]].tolist() if info[key] else []
        return info | new


def cleaned_captions(annotation: dict, cleaning: str, max_words: int) -> tuple[list[str], int]:
    """Cleaned captions of an image in file order, and how many of them were cut.

    Raises:
        ValueError: if a caption is empty; names the image and the caption.
    """
    captions, cut = [], 0
    for number, sentence in enumerate(annotation['sentences']):
        words = caption_words(sentence['raw'], cleaning)
        if not words:
            raise ValueError(
                f'caption {number} of picture {annotation["filename"]} is empty after cleaning: '
                f'{sentence["raw"]!r}; give it words or remove it'
            )
        cut += len(words) > max_words
        captions.append(' '.join(words[:max_words]))
    return captions, cut


def training_items(images: list[dict], sampling: str) -> list[dict]:
    """One item per caption (``'caption'``), or one per image with its distinct captions."""
    ids: dict[str, int] = {}
    items = []
    for image in images:
        captions = image['captions']
        distinct = list(dict.fromkeys(captions))
        texts = [[caption] for caption in captions] if sampling == 'caption' else [distinct]
        base = {key: image[key] for key in ('img_path', 'image_id', 'scene')}
        for text in texts:
            text_id = [ids.setdefault(caption, len(ids)) for caption in text]
            items.append({**base, 'text': text, 'text_id': text_id})
    return items


def evaluation_items(images: list[dict]) -> list[dict]:
    """One item per image. The ``text`` of an item holds the captions that no image before it has.

    To encode a caption once keeps the tie of two images that share it a tie, in any precision and
    on any number of processes, and saves work.
    """
    ids: dict[str, int] = {}
    items = []
    for image in images:
        new = [caption for caption in dict.fromkeys(image['captions']) if caption not in ids]
        ids |= {caption: len(ids) + number for number, caption in enumerate(new)}
        items.append(
            {
                **image,
                'text': new,
                'text_id': [ids[caption] for caption in new],
                'caption_id': [ids[caption] for caption in image['captions']],
            }
        )
    return items
