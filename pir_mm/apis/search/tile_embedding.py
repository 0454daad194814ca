"""Embed the tiles of files, batch by batch, into an index."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from torch import nn

from pir_mm.apis.search.archive import FoundFile
from pir_mm.apis.search.embedding import encode_pixels
from pir_mm.apis.search.indexing_progress import IndexingProgress
from pir_mm.apis.search.picture_reading import PictureReader
from pir_mm.apis.search.tile_reading import Share, TileRead, read_tiles
from pir_mm.search import TileSource, TileWriter, Tiling
from pir_mm.search.tiling import Window

QUEUED = 1000
"""Files without a vector that are noted together."""


@dataclass(frozen=True)
class Work:
    """What a run has to embed, and how; the same for all its processes.

    Args:
        files: in their order.
        begun: windows of these files that have a vector already, by path.
        tiling: how files are cut.
        profile: how rasters become colours.
        precision: ``'bf16'`` or ``'fp32'``, of the model's arithmetic.
        batch_size: tiles per batch.
    """

    files: Sequence[FoundFile]
    tiling: Tiling
    profile: str
    precision: str
    batch_size: int
    begun: dict[str, set[Window]] = field(default_factory=dict)


def embed_files(
    work: Work,
    model: nn.Module,
    writer: TileWriter,
    share: Share,
    progress: IndexingProgress,
    tell_width: Callable[[int], None],
) -> None:
    """Try this process's share of all tiles, and keep what becomes of them.

    Args:
        work: of the run.
        model: from :func:`pir_mm.apis.load_retriever`.
        writer: into which each batch goes in one transaction.
        share: of this process.
        progress: is told of each tile.
        tell_width: called with the width of the vectors, before any are kept.
    """
    reader = PictureReader(model)
    cutter = TileSource(work.tiling, work.profile, reader.max_pixels)
    stamps = {file.path: file.stamp for file in work.files}
    batch: list[TileRead] = []

    def keep() -> None:
        if not batch:
            writer.flush()
            return
        vectors = encode_pixels(model, [read.pixels for read in batch], work.precision)
        tell_width(vectors.shape[1])
        writer.add(vectors, [read.tile for read in batch])
        batch.clear()

    def paths() -> Iterator[str]:
        for file in share.of_files(work.files):
            if file.reason is None:
                yield file.path
            else:
                writer.begin_source(file.path, file.stamp, None)
                writer.end_source(file.path, reason=file.reason)

    path, empty, failed = None, 0, []
    for found in read_tiles(paths(), cutter, reader, 2 * work.batch_size, work.begun, share):
        if found.path != path:
            path, empty, failed = found.path, 0, []
            writer.begin_source(path, stamps[path], found.source)
        if found.pixels is not None:
            batch.append(found)
        elif found.error is not None:
            failed.append(found.error)
        elif found.tile is not None:
            empty += 1
        progress.tile(found, stamps[path].bytes)
        if found.is_last:
            reason = reason_of(found, empty, failed)
            writer.end_source(path, empty, reason, done=not share.is_shared(path))
        if len(batch) == work.batch_size or (writer.queued >= QUEUED and not batch):
            keep()
    keep()


def reason_of(last: TileRead, empty: int, failed: list[Exception]) -> str | None:
    """Why all or part of a file has no vector: a kind of reason, a colon and details."""
    windows = 0 if last.source is None else len(last.source.grid)
    if failed:
        first = str(failed[0])
        kind, _, details = first.partition(': ')
        some = '' if windows <= len(failed) else f'{len(failed)} of {windows} tiles: '
        return f'{kind}: {some}{details}' if details else first
    return 'no data: all of it is masked or 0' if empty == windows else None
