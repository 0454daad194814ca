"""Write a caption set as shards of image-text pairs."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.files.names import first_few
from pir_mm.files.texts import read_names
from pir_mm.files.writing import atomic_folder

Pair = tuple[str, str]


def make_shards(
    data: str | Path,
    out: str | Path,
    split: str = 'train',
    size: int = 1000,
    leave_out: str | Path | None = None,
) -> tuple[int, int]:
    """Write the distinct captions of a split, each with its picture, into tar files as RS5M has.

    A sample is ``KEY.img_content`` (the file of the picture as it is), ``KEY.caption`` and
    ``KEY.img_name``. The same set gives the same bytes.

    Args:
        data: prepared folder, or one that ``tools/make_scenes.py`` wrote.
        out: folder of the shards; one that is there is replaced if it holds nothing but shards.
        split: ``'train'``, ``'val'`` or ``'test'``.
        size: samples of a shard.
        leave_out: text file with a line for each picture that must not be among them, by its file
            name in the set, such as ``tools/audit.py`` writes; ``#`` begins a comment.

    Returns:
        The numbers of samples and of pictures that were left out.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if ``size`` is below 1, the split has no picture, ``leave_out`` names a picture
            that is not there, or ``out`` holds something else.
    """
    data, out = Path(data), Path(out)
    if size < 1:
        raise ValueError(f'size must be at least 1, got {size}')
    annotations = read_caption_file(data / CAPTIONS)
    chosen = [a for a in annotations if a['split'] == split]
    if not chosen:
        known = ', '.join(sorted({a['split'] for a in annotations}))
        raise ValueError(f'{data / CAPTIONS} has no picture of split {split!r}; it has {known}')
    there = {annotation['filename'] for annotation in annotations}
    unwanted = read_names(leave_out, there, str(data)) if leave_out is not None else set()
    kept = [a for a in chosen if a['filename'] not in unwanted]
    pairs = [
        (a['filename'], caption)
        for a in kept
        for caption in dict.fromkeys(sentence['raw'].strip() for sentence in a['sentences'])
    ]
    if not pairs:
        raise ValueError(f'nothing is left of split {split!r}: {leave_out} names all its pictures')
    inside = list(out.iterdir()) if out.is_dir() else []
    strange = [path.name for path in inside if path.suffix not in ('.tar', '.npz')]
    if strange:
        raise ValueError(f'{out} holds {first_few(strange)}, which is no shard: give a new folder')
    with atomic_folder(out) as folder:
        shards = [pairs[start : start + size] for start in range(0, len(pairs), size)]
        for number, shard in enumerate(tqdm(shards, unit='shard', disable=None)):
            _write(folder / f'{split}-{number:06d}.tar', shard, data / IMAGES, number * size)
    return len(pairs), len(chosen) - len(kept)


def _write(path: Path, pairs: list[Pair], images: Path, first: int) -> None:
    with tarfile.open(path, 'w', format=tarfile.USTAR_FORMAT) as archive:
        for name, content in _members(pairs, images, first):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _members(pairs: list[Pair], images: Path, first: int) -> Iterator[tuple[str, bytes]]:
    for number, (filename, caption) in enumerate(pairs, start=first):
        key = f'{number:09d}'
        yield f'{key}.img_content', (images / filename).read_bytes()
        yield f'{key}.caption', caption.encode()
        yield f'{key}.img_name', filename.encode()
