"""Embed pictures and write an index of them."""

import os
from collections.abc import Iterable
from pathlib import Path

from torch import nn

from pir_mm.apis.search.embedding import (
    PictureReader,
    check_batch_size,
    encode_pixels,
    require_evaluation,
)
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.tile_reading import TileRead, read_tiles
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, printable
from pir_mm.search import IndexCard, IndexWriter, TileSource, Tiling


def index_pictures(
    sources: Iterable[str | Path],
    model: nn.Module,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batch_size: int = 32,
    tiling: Tiling | None = None,
    profile: str = 'auto',
) -> IndexCard:
    """Cut pictures and rasters into tiles, embed these and write an index of them.

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
        batch_size: tiles per batch.
        tiling: size and overlap of tiles.
        profile: how rasters become colours, see :class:`pir_mm.search.TileSource`.

    Returns:
        The card of the index: how many tiles were indexed, which files were skipped and why.

    Raises:
        FileNotFoundError: if a source does not exist.
        ValueError: if no picture could be indexed, or if ``out`` has other files than an index.
    """
    sources = [Path(sources)] if isinstance(sources, str | Path) else [*map(Path, sources)]
    check_batch_size(batch_size)
    require_evaluation(model)
    reader = PictureReader(model)
    with IndexWriter(out) as writer:

        def embed(batch: list[TileRead]) -> None:
            writer.add(encode_pixels(model, [r.pixels for r in batch]), [r.tile for r in batch])
            batch.clear()

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

        cutter = TileSource(tiling, profile, reader.max_pixels)
        batch: list[TileRead] = []
        failed: dict[str, Exception] = {}
        with_tiles: set[str] = set()
        for found in read_tiles(tried, cutter, reader, ahead=2 * batch_size):
            if found.pixels is not None:
                batch.append(found)
                with_tiles.add(found.path)
            elif found.error is not None:
                failed.setdefault(found.path, found.error)
            if found.is_last and found.path in failed:
                writer.skip(found.path, str(failed[found.path]))
            elif found.is_last and found.path not in with_tiles:
                writer.skip(found.path, 'no data: all of it is masked or 0')
            if len(batch) == batch_size:
                embed(batch)
        if batch:
            embed(batch)
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
