"""The user's own captions: a list in JSON or a table in CSV."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from pir_mm.datasets.caption_file import read_caption_file, read_json

Row = tuple[str, dict]  # where it is in the file, and its values


def read_own_captions(path: Path) -> list[dict]:
    """Read the user's own captions as annotations.

    JSON: either ``{"images": [...]}`` like the published sets, or a list of
    ``{"image", "captions", "class", "split"}``. ``class`` and ``split`` are optional, and
    ``caption`` may stand for a single caption. CSV: a header with ``image``, ``caption`` and
    optionally ``class`` and ``split``, then one row for each caption. Other columns and keys are
    ignored.

    Returns:
        Annotations with ``filename``, ``sentences``, and ``class`` and ``split`` where given.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if its content has another form.
    """
    if not path.is_file():
        raise FileNotFoundError(f'the caption file {path} does not exist')
    if path.suffix.lower() == '.csv':
        return _grouped_by_image(_csv_rows(path))
    if path.suffix.lower() != '.json':
        raise ValueError(f'the captions must be a .json or .csv file, got {path}')
    content = read_json(path)
    if isinstance(content, list):
        return _grouped_by_image(_list_rows(path, content))
    return read_caption_file(path, needed=())


def _csv_rows(path: Path) -> Iterator[Row]:
    with path.open(newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        try:
            header = reader.fieldnames or []
            if not {'image', 'caption'} <= set(header):
                raise ValueError(
                    f'{path} must start with a header that has image and caption, '
                    f'got {", ".join(header) or "nothing"}'
                )
            for row in reader:
                yield f'{path}, line {reader.line_num}', {**row, 'captions': [row['caption']]}
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f'{path} is not a CSV file in UTF-8: {error}') from None


def _list_rows(path: Path, content: list) -> Iterator[Row]:
    for number, item in enumerate(content):
        position = f'{path}, item {number}'
        if not isinstance(item, dict):
            raise ValueError(
                f'{position} must be an object with "image" and "captions", got {item!r}'
            )
        captions = item.get('captions', item.get('caption'))
        yield position, {**item, 'captions': [captions] if isinstance(captions, str) else captions}


def _grouped_by_image(rows: Iterable[Row]) -> list[dict]:
    annotations: dict[str, dict] = {}
    for position, row in rows:
        image, captions = row.get('image'), row['captions']
        if not isinstance(image, str) or not image:
            raise ValueError(f'{position}: "image" must be a file name, got {image!r}')
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise ValueError(f'{position}: the captions must be texts, got {captions!r}')
        annotation = annotations.setdefault(image, {'filename': image, 'sentences': []})
        annotation['sentences'] += [{'raw': caption} for caption in captions]
        for key in ('class', 'split'):
            value = row.get(key) or None
            if not isinstance(value, str | None):
                raise ValueError(f'{position}: the {key} must be a text, got {value!r}')
            if value is not None and annotation.setdefault(key, value) != value:
                raise ValueError(
                    f'{position}: {image} has {key} {value!r}, but an earlier row says '
                    f'{annotation[key]!r}'
                )
    if not annotations:
        raise ValueError('the caption file has no captions')
    return list(annotations.values())
