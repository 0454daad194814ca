"""From pictures with captions to the items of a dataset."""

from pir_mm.datasets.caption_cleaning import caption_words, clean_caption


def clean_sentences(entry: dict, max_words: int) -> tuple[list[str], int]:
    """Cleaned captions of a picture, in file order, and how many of them were cut.

    Raises:
        ValueError: if a caption is empty; names the picture and the caption.
    """
    captions, cut = [], 0
    for number, sentence in enumerate(entry['sentences']):
        words = caption_words(sentence['raw'])
        if not words:
            raise ValueError(
                f'caption {number} of picture {entry["filename"]} is empty after cleaning: '
                f'{sentence["raw"]!r}; give it words or remove it'
            )
        cut += len(words) > max_words
        captions.append(clean_caption(sentence['raw'], max_words))
    return captions, cut


def training_items(pictures: list[dict], sampling: str) -> list[dict]:
    """One item per caption (``'caption'``), or one per picture with its distinct captions."""
    items = []
    for picture in pictures:
        captions = picture['captions']
        distinct = list(dict.fromkeys(captions))
        texts = [[caption] for caption in captions] if sampling == 'caption' else [distinct]
        base = {key: picture[key] for key in ('img_path', 'image_id', 'scene')}
        items.extend({**base, 'text': text} for text in texts)
    return items


def evaluation_items(pictures: list[dict]) -> list[dict]:
    """One item per picture, in which each distinct caption is owned by its first picture.

    Encoding a caption once keeps the tie between two pictures that share it a tie, whatever the
    precision and the number of processes, and saves work.
    """
    ids: dict[str, int] = {}
    items = []
    for picture in pictures:
        owned = [c for c in dict.fromkeys(picture['captions']) if c not in ids]
        for caption in owned:
            ids[caption] = len(ids)
        caption_id = [ids[caption] for caption in picture['captions']]
        text_id = [ids[caption] for caption in owned]
        items.append({**picture, 'text': owned, 'text_id': text_id, 'caption_id': caption_id})
    return items
