"""Scene names of pictures: from the caption file or from the file name."""

from collections.abc import Sequence, Set
from pathlib import PurePosixPath

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
