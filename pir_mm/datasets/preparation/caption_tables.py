"""One's own captions, as a list in JSON or a table in CSV, in the shape of a caption file."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from pir_mm.datasets.caption_file import read_caption_file, read_json

Row = tuple[str, dict]  # where it stands, and its values


def read_own_captions(path: Path) -> list[dict]:
    """Entries (``filename``, ``sentences``, ``class`` and ``split`` where given) of a file.

    JSON: ``{"images": [...]}`` as published sets have it, or ``[{"image", "captions", "class",
    "split"}]``, the last two optional and ``caption`` allowed for a single one. CSV: a header with
    ``image``, ``caption`` and optionally ``class`` and ``split``, one row per caption. Other
    columns and keys are not read.

    Raises:
        FileNotFoundError, ValueError: if the file is missing or is not like that.
    """
    if not path.is_file():
        raise FileNotFoundError(f'the caption file {path} does not exist')
    if path.suffix.lower() == '.csv':
        return _grouped(_csv_rows(path))
    if path.suffix.lower() != '.json':
        raise ValueError(f'the captions must be a .json or .csv file, got {path}')
    content = read_json(path)
    if isinstance(content, list):
        return _grouped(_list_rows(path, content))
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
        place = f'{path}, entry {number}'
        if not isinstance(item, dict):
            raise ValueError(f'{place} must be an object with "image" and "captions", got {item!r}')
        captions = item.get('captions', item.get('caption'))
        yield place, {**item, 'captions': [captions] if isinstance(captions, str) else captions}


def _grouped(rows: Iterable[Row]) -> list[dict]:
    entries: dict[str, dict] = {}
    for place, row in rows:
        image, captions = row.get('image'), row['captions']
        if not isinstance(image, str) or not image:
            raise ValueError(f'{place}: "image" must be a file name, got {image!r}')
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise ValueError(f'{place}: the captions must be texts, got {captions!r}')
        entry = entries.setdefault(image, {'filename': image, 'sentences': []})
        entry['sentences'] += [{'raw': caption} for caption in captions]
        for key in ('class', 'split'):
            value = row.get(key) or None
            if not isinstance(value, str | None):
                raise ValueError(f'{place}: the {key} must be a text, got {value!r}')
            if value is not None and entry.setdefault(key, value) != value:
                raise ValueError(f'{place}: {image} has {key} {value!r}, before {entry[key]!r}')
    if not entries:
        raise ValueError('the caption file has no entry')
    return list(entries.values())
