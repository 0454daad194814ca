"""The user's own captions: a list in JSON or a table."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pir_mm.datasets.caption_file import annotations_of, parse_json
from pir_mm.files.texts import read_any_text

TABLES = ('.csv', '.tsv', '.tab', '.txt')
SEPARATORS = {',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars'}
# Names of the columns, the best first.
COLUMNS = {
    'image': (
        'image', 'images', 'filename', 'file_name', 'file', 'image_name', 'image_file', 'img',
        'picture', 'photo', 'path', 'filepath', 'file_path', 'image_path',
    ),
    'caption': ('caption', 'captions', 'sentence', 'text', 'description', 'raw', 'comment'),
    'class': ('class', 'scene', 'category'),
    'split': ('split', 'subset', 'set'),
}  # fmt: skip

Row = tuple[str, dict]  # where it is in the file, and its values


def read_own_captions(path: Path, log: Callable[[str], None] = print) -> list[dict]:
    """Read the user's own captions as annotations.

    JSON: ``{"images": [...]}`` like the published sets, a list of ``{"image", "captions", "class",
    "split"}`` (also one object a line, ``.jsonl``), or ``{image: captions}``. ``class`` and
    ``split`` are optional, and ``caption`` may stand for a single caption. Table: a header with
    ``image``, ``caption`` and optionally ``class`` and ``split``, then one row for each caption;
    commas, semicolons, tabs or bars; several columns such as ``caption1`` may hold captions. The
    usual other names (``filename``, ``text``) are understood, in any case of the letters. Other
    columns and keys are ignored, and so are empty rows. A caption that an image has already is
    counted and left out.

    Args:
        path: caption file, in UTF-8, UTF-16 or an old code page.
        log: is called with a line that says what was assumed, if anything was.

    Returns:
        Annotations with ``filename``, ``sentences``, and ``class`` and ``split`` where given.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if its content has another form.
    """
    if not path.is_file():
        raise FileNotFoundError(f'the caption file {path} does not exist')
    ending = path.suffix.lower()
    if ending not in ('.json', '.jsonl', *TABLES):
        raise ValueError(f'the captions must be a .json, .jsonl, .csv or .tsv file, got {path}')
    text, encoding = read_any_text(path)
    assumed = [] if encoding == 'utf-8' else [f'as {encoding}']
    if ending in TABLES:
        rows = _table_rows(path, text, assumed)
    else:
        if ending == '.jsonl':
            content = [parse_json(line, path) for line in text.split('\n') if line.strip()]
        else:
            content = parse_json(text, path)
        if isinstance(content, dict) and 'images' in content:
            return annotations_of(content, path, needed=())
        rows = _json_rows(path, content)
    annotations = _grouped_by_image(rows, assumed)
    if assumed:
        log(f'{path} is read {", ".join(assumed)}')
    return annotations


def _table_rows(path: Path, text: str, assumed: list[str]) -> Iterator[Row]:
    lines = io.StringIO(text, newline=None)  # line ends of every system, in quotes too
    above, start = next(((n, line) for n, line in enumerate(lines, 1) if _says(line)), (1, ''))
    separator, columns = _layout(path, start)
    if separator != ',':
        assumed.append(f'as a table with {SEPARATORS[separator]}')
    names = [cell.strip() for cell in next(csv.reader([start], delimiter=separator))]
    renamed = [f'{names[at[0]]} as {key}' for key, at in columns.items() if names[at[0]] != key]
    if renamed:
        assumed.append(f'with {", ".join(renamed)}')
    reader = csv.reader(lines, delimiter=separator)
    empty = 0
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                empty += bool(cells)
                continue
            taken = {key: [cells[n] for n in at if n < len(cells)] for key, at in columns.items()}
            row = {key: next(iter(values), None) for key, values in taken.items()}
            captions = taken['caption'] or [None]
            if len(captions) > 1:
                captions = [caption for caption in captions if caption]
            yield f'{path}, line {above + reader.line_num}', {**row, 'captions': captions}
    except csv.Error as error:
        raise ValueError(f'{path} is not a table: {error}') from None
    if empty:
        assumed.append(f'without {empty} empty rows')


def _says(line: str) -> bool:
    """Whether a line above the table is its header; a spreadsheet may begin with ``sep=;``."""
    return bool(line.strip()) and not re.fullmatch('"?sep=.?"?', line.strip(), re.IGNORECASE)


def _layout(path: Path, start: str) -> tuple[str, dict[str, list[int]]]:
    """Separator of a table, and the columns of each kind, by its header."""
    for separator in SEPARATORS:
        names = [_plain(cell) for cell in next(csv.reader([start], delimiter=separator), [])]
        columns = {key: _columns(names, known) for key, known in COLUMNS.items()}
        if columns['image'] and columns['caption']:
            return separator, {key: at for key, at in columns.items() if at}
    raise ValueError(
        f'{path} must start with a header that has image and caption, '
        f'got {start.strip() or "nothing"}'
    )


def _columns(names: list[str], known: tuple[str, ...]) -> list[int]:
    found = next(([names.index(name)] for name in known if name in names), [])
    if found or 'caption' not in known:
        return found
    return [n for n, name in enumerate(names) if re.fullmatch(r'(caption|sentence)_?\d+', name)]


def _plain(name: str) -> str:
    return re.sub(r'[\s-]+', '_', name.strip().casefold())


def _json_rows(path: Path, content: object) -> Iterator[Row]:
    if isinstance(content, dict):
        content = [{'image': image, 'captions': captions} for image, captions in content.items()]
    if not isinstance(content, list):
        raise ValueError(f'{path} must hold a list or an object, got {content!r}')
    for number, item in enumerate(content):
        position = f'{path}, item {number}'
        if not isinstance(item, dict):
            raise ValueError(
                f'{position} must be an object with "image" and "captions", got {item!r}'
            )
        known = {_plain(name): value for name, value in item.items()}
        row = {
            key: next((known[name] for name in names if name in known), None)
            for key, names in COLUMNS.items()
        }
        captions = known.get('captions', row['caption'])
        yield position, {**row, 'captions': [captions] if isinstance(captions, str) else captions}


def _grouped_by_image(rows: Iterable[Row], assumed: list[str]) -> list[dict]:
    annotations: dict[str, dict] = {}
    known, repeated = set(), 0
    for position, row in rows:
        image, captions = row.get('image'), row['captions']
        if not isinstance(image, str) or not image:
            raise ValueError(f'{position}: "image" must be a file name, got {image!r}')
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise ValueError(f'{position}: the captions must be texts, got {captions!r}')
        annotation = annotations.setdefault(image, {'filename': image, 'sentences': []})
        fresh = [c for c in dict.fromkeys(captions) if (image, c) not in known]
        repeated += len(captions) - len(fresh)
        known.update((image, caption) for caption in fresh)
        annotation['sentences'] += [{'raw': caption} for caption in fresh]
        for key in ('class', 'split'):
            value = row.get(key) or None
            if not isinstance(value, str | None):
                raise ValueError(f'{position}: the {key} must be a text, got {value!r}')
            value = value.strip().lower() if key == 'split' and value else value
            if value is not None and annotation.setdefault(key, value) != value:
                raise ValueError(
                    f'{position}: {image} has {key} {value!r}, but an earlier row says '
                    f'{annotation[key]!r}'
                )
    if not annotations:
        raise ValueError('the caption file has no captions')
    if repeated:
        assumed.append(f'without {repeated} repeated captions')
    return list(annotations.values())
