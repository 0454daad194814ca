"""Scene names of pictures: from the caption file or from the file name."""

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
