"""Scene names of pictures: from the caption file or from the file name."""

import json
from collections.abc import Sequence, Set
from pathlib import Path, PurePosixPath

from pir_mm.datasets.layout import command_for


def read_caption_file(path: str | Path, needed: tuple[str, ...] = ('split',)) -> list[dict]:
    """Entries of a caption file, each with ``filename`` and ``sentences`` of ``raw`` text.

    This is the shape in which RSICD, UCM-Captions, Sydney-Captions and RSITMD are published; other
    keys (``class``, ``imgid``) are passed through.

    Args:
        path: the file.
        needed: further keys whose values must be texts.

    Raises:
        FileNotFoundError: if there is no such file; names the command that makes it.
        ValueError: if the file is not JSON or not of this shape.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'the caption file {path} does not exist; make it by: {command_for(path.parent)}'
        )
    content = read_json(path)
    entries = content.get('images') if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path} holds no list "images": a caption file must have one')
    for number, entry in enumerate(entries):
        _check_entry(entry, f'{path}, images[{number}]', ('filename', *needed))
    return entries


def read_json(path: str | Path) -> object:
    """Content of a JSON file; ValueError if it is none."""
    try:
        return json.loads(Path(path).read_text(encoding='utf-8-sig'))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from None


def _check_entry(entry: object, place: str, keys: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f'{place}: a picture must be a JSON object, got {entry!r}')
    for key in keys:
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ValueError(f'{place}: "{key}" must be a text, got {entry.get(key)!r}')
    if not isinstance(entry.get('class'), str | None):
        raise ValueError(f'{place}: "class" must be a text, got {entry["class"]!r}')
    sentences = entry.get('sentences')
    if not isinstance(sentences, list) or not sentences:
        raise ValueError(f'{place} ({entry["filename"]}) has no "sentences": one is needed')
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get('raw'), str):
            raise ValueError(
                f'{place} ({entry["filename"]}): a sentence must be {{"raw": text}}, '
                f'got {sentence!r}'
            )


LABELS = ('class', 'filename')


def scene_name(entry: dict, label: str = 'class') -> str | None:
    """Scene of a picture, or None where none is known.

    Args:
        entry: picture of a caption file.
        label: ``'class'`` takes the key ``class``, else the part of the file name before the first
            underscore unless that is a number (``airport_12.jpg``). ``'filename'`` is the authors'
            rule (Pan et al., *PIR*, ACM MM 2023): the part before the first underscore, else the
            whole stem, so that RSICD's 921 numbered pictures are a class each.
    """
    stem = PurePosixPath(entry['filename']).stem.lower()
    prefix, underscore, _ = stem.partition('_')
    if label == 'filename':
        return prefix if underscore else stem
    if entry.get('class'):
        return entry['class']
    return prefix if underscore and prefix and not prefix.isdigit() else None


def number_scenes(found: Set[str | None], scenes: Sequence[str] | None = None) -> dict[str, int]:
    """Label of each scene: its place in ``scenes``, by default among those found, sorted.

    Raises:
        ValueError: if ``scenes`` does not list one that was found.
    """
    known = found - {None}
    order = sorted(known) if scenes is None else list(scenes)
    unknown = sorted(known.difference(order))
    if unknown:
        raise ValueError(
            f'the caption file has scenes that `scenes` does not list: {", ".join(unknown[:5])} '
            f'({len(unknown)} in all); add them, or leave `scenes` out'
        )
    return {scene: number for number, scene in enumerate(order)}
