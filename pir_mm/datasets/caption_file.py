"""Reading a caption file: the annotations of its pictures, and their scene labels.

An annotation is what the file says of one picture: ``filename``, ``sentences``, ``split``,
``class``.
"""

import json
from collections.abc import Sequence, Set
from pathlib import Path, PurePosixPath

from pir_mm.datasets.layout import command_for
from pir_mm.files.texts import read_any_text

LABELS = ('class', 'filename')


def read_caption_file(path: str | Path, needed: tuple[str, ...] = ('split',)) -> list[dict]:
    """Read the annotations of a caption file.

    Each has ``filename`` and ``sentences``, a list of ``{"raw": text}``. RSICD, UCM-Captions,
    Sydney-Captions and RSITMD are published in this form. Other keys (``class``, ``imgid``) are
    kept.

    Args:
        path: caption file.
        needed: further keys that each annotation must have; their values must be texts.

    Raises:
        FileNotFoundError: if there is no such file; the message names the command that makes it.
        ValueError: if the file is not JSON or has another form.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'the caption file {path} does not exist; make it by: {command_for(path.parent)}'
        )
    return annotations_of(read_json(path), path, needed)


def annotations_of(content: object, path: Path, needed: tuple[str, ...]) -> list[dict]:
    """The annotations in what a caption file holds, checked as :func:`read_caption_file` says."""
    annotations = content.get('images') if isinstance(content, dict) else None
    if not isinstance(annotations, list) or not annotations:
        raise ValueError(f'{path} has no list "images": a caption file must have one')
    for number, annotation in enumerate(annotations):
        _check_annotation(annotation, f'{path}, images[{number}]', ('filename', *needed))
    return annotations


def read_json(path: str | Path) -> object:
    """Content of a JSON file, in any encoding; ValueError if it is something else."""
    try:
        text, _ = read_any_text(path)
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from None
    return parse_json(text, path)


def parse_json(text: str, path: str | Path) -> object:
    """Content of a text in JSON; ValueError, which names the file, if it is something else."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from None


def _check_annotation(annotation: object, position: str, keys: tuple[str, ...]) -> None:
    if not isinstance(annotation, dict):
        raise ValueError(f'{position}: a picture must be a JSON object, got {annotation!r}')
    for key in keys:
        if not isinstance(annotation.get(key), str) or not annotation[key]:
            raise ValueError(f'{position}: "{key}" must be a text, got {annotation.get(key)!r}')
    if not isinstance(annotation.get('class'), str | None):
        raise ValueError(f'{position}: "class" must be a text, got {annotation["class"]!r}')
    sentences = annotation.get('sentences')
    if not isinstance(sentences, list) or not sentences:
        raise ValueError(f'{position} ({annotation["filename"]}) has no "sentences": add one')
    for sentence in sentences:
        if not isinstance(sentence, dict) or not isinstance(sentence.get('raw'), str):
            raise ValueError(
                f'{position} ({annotation["filename"]}): a sentence must be {{"raw": text}}, '
                f'got {sentence!r}'
            )


def scene_name(annotation: dict, label: str = 'class') -> str | None:
    """Scene class of a picture, or None if it is unknown.

    Args:
        annotation: of the picture.
        label: ``'class'`` takes the key ``class``. Without that key it takes the part of the file
            name before the first underscore (``airport_12.jpg``), unless that is a number.
            ``'filename'`` is the rule of the authors (Pan et al., *PIR*, ACM MM 2023): the part
            before the first underscore, else the file name without its ending. So each of the 921
            numbered pictures of RSICD is a class of its own.
    """
    stem = PurePosixPath(annotation['filename']).stem.lower()
    prefix, underscore, _ = stem.partition('_')
    if label == 'filename':
        return prefix if underscore else stem
    if annotation.get('class'):
        return annotation['class']
    return prefix if underscore and prefix and not prefix.isdigit() else None


def number_scenes(found: Set[str | None], scenes: Sequence[str] | None = None) -> dict[str, int]:
    """Number the scene classes from 0.

    Args:
        found: classes of the caption file; None is ignored.
        scenes: all classes in the wanted order; by default those found, sorted.

    Returns:
        Label of each class.

    Raises:
        ValueError: if ``scenes`` does not have a class that was found.
    """
    known = found - {None}
    order = sorted(known) if scenes is None else list(scenes)
    unknown = sorted(known.difference(order))
    if unknown:
        raise ValueError(
            f'the caption file has scenes that `scenes` does not list: {", ".join(unknown[:5])} '
            f'({len(unknown)} in all); add them, or leave out `scenes`'
        )
    return {scene: number for number, scene in enumerate(order)}
