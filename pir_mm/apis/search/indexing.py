"""Embed pictures and write an index of them."""

import os
from collections.abc import Iterable
from pathlib import Path

from torch import nn

from pir_mm.apis.search.embedding import image_batches
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, printable
from pir_mm.search import IndexCard, IndexWriter, Tile


def index_pictures(
    sources: Iterable[str | Path],
    model: nn.Module,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batch_size: int = 32,
) -> IndexCard:
    """Embed pictures and write an index of them.

    A file that is not a picture, is broken or has too many pixels, and a folder that cannot be
    read, is skipped and counted with its reason. The new index replaces an older one only when it
    is complete. A killed run leaves the older one.

    Args:
        sources: pictures and folders. Folders are searched at any depth, and only their files with
            the ending of a picture are read.
        model: from :func:`pir_mm.apis.load_retriever`.
        out: index folder; an index in it is replaced.
        checkpoint: path of the model's weights. The index stores it and the path of the config, so
            that a search can load the model.
        batch_size: pictures per batch.

    Returns:
        The card of the index: how many pictures were indexed, which files were skipped and why.

    Raises:
        FileNotFoundError: if a source does not exist.
        ValueError: if no picture could be indexed, or if ``out`` has other files than an index.
    """
    sources = [Path(sources)] if isinstance(sources, str | Path) else [*map(Path, sources)]
    with IndexWriter(out) as writer:

        def skip_folder(error: OSError) -> None:
            writer.skip(printable(error.filename), f'cannot be read: {error.strerror}')

        files = find_files(sources, [writer.folder], skip_folder)
        named = {os.path.abspath(source) for source in sources}
        tried = []
        for file in files:
            if printable(file) != str(file):
                writer.skip(printable(file), 'name is not in UTF-8: rename it')
            elif is_picture(file) or str(file) in named:
                tried.append(file)
            else:
                writer.skip(str(file), f'not a picture: {file.suffix or "no"} ending')

        def skip(picture: Path, error: Exception) -> None:
            writer.skip(str(picture), str(error))

        for pictures, sizes, vectors in image_batches(model, tried, batch_size, skip):
            windows = [(0, 0, width, height) for width, height in sizes]
            tiles = map(Tile, map(str, pictures), windows)
            writer.add(vectors, list(tiles))
        if writer.width is None:
            raise ValueError(nothing_indexed(sources, writer))
        fingerprint = model_fingerprint(model, writer.width)
        config = model.cfg.filename
        return writer.finish(fingerprint, config, None if checkpoint is None else str(checkpoint))


def nothing_indexed(sources: list[Path], writer: IndexWriter) -> str:
    """Error message of a run without result: how many files, and the reason of the first."""
    names = ', '.join(map(str, sources[:3])) + (', ...' if len(sources) > 3 else '')
    if not writer.skipped:
        return f'no picture was indexed: {names} has no files'
    first = writer.skipped[0]
    return (
        f'no picture was indexed: {len(writer.skipped)} files of {names} were tried; '
        f'{first.source} is {first.reason}'
    )
