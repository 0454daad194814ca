"""Bring an index up to date with the pictures and rasters of an archive."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from pir_mm.apis.search.archive import (
    FoundFile,
    find_archive,
    lost_files,
    refuse_vanished,
    stamp_of,
)
from pir_mm.apis.search.embedding import check_batch_size, embed_texts, require_ready
from pir_mm.apis.search.index_group import IndexGroup
from pir_mm.apis.search.indexing_progress import IndexingProgress
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.probe_captions import probe_captions
from pir_mm.apis.search.tile_embedding import Work, embed_files
from pir_mm.apis.search.tile_reading import Share
from pir_mm.engine.bf16_optim_wrapper import multiplies_bf16
from pir_mm.files.checksums import file_sha256
from pir_mm.search import (
    Changes,
    IndexCard,
    IndexWriter,
    TileSource,
    TileWriter,
    Tiling,
    convert_index,
    find_changes,
    is_old_index,
    part_writer,
    refuse_unknown_store,
)
from pir_mm.search.index_writer import LOG
from pir_mm.search.tile_table import SourceRow

PRECISIONS = ('bf16', 'fp32')


def index_pictures(
    sources: Iterable[str | Path],
    model: nn.Module,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batch_size: int = 32,
    tiling: Tiling | None = None,
    profile: str | None = None,
    rebuild: bool = False,
    remove: Iterable[str | Path] = (),
    checksum: bool = False,
    root: str | Path | None = None,
    precision: str | None = None,
    store: str | None = None,
    captions: Sequence[str] | None = None,
) -> IndexCard | None:
    """Cut pictures and rasters into tiles, embed these, and bring an index of them up to date.

    Files that are new or have changed are embedded, files that are gone from the sources are
    removed, and all other vectors are kept. Each batch is kept at once: a killed run goes on where
    it was. A file that is not a picture, is broken or has too many pixels, and a folder that cannot
    be read, is skipped and counted with its reason.

    In a process group, of ``torchrun``, the processes share the work; they may be on several
    machines that see the same folders. The first one does all but the embedding.

    Args:
        sources: pictures, rasters and folders. Folders are searched at any depth, and only their
            files with the ending of a picture are read.
        model: from :func:`pir_mm.apis.load_retriever`.
        out: index folder.
        checkpoint: path of the model's weights. The index stores it and the path of the config, so
            that a search can load the model.
        batch_size: tiles per batch.
        tiling: size and overlap of tiles, by default as the index has them.
        profile: how rasters become colours, see :class:`pir_mm.search.TileSource`; likewise.
        rebuild: start anew; an older index stays until the new one is complete.
        remove: files and folders to take out of the index, there or not.
        checksum: compare the content of files, not only their size and time.
        root: where the archive lies now, if it has moved: the place of ``root`` in ``index.json``.
        precision: of the model's arithmetic, ``'bf16'`` or ``'fp32'``; by default that of the
            index, of a new one ``'bf16'`` where the device multiplies it.
        store: what is to serve a search, see :class:`pir_mm.search.StoreNote`: ``'auto'`` (FAISS
            for a large index), ``'exact'``, ``'faiss'``, or where Milvus is; by default that of the
            index, of a new one ``'auto'``.
        captions: sentences like those that people will search by, to measure with how much FAISS or
            Milvus finds; by default :func:`probe_captions`.

    Returns:
        The card of the index: how many tiles it holds, which files were skipped and why. ``None``
        in all processes of a group but the first.

    Raises:
        FileNotFoundError: if a source does not exist.
        ValueError: for an unknown precision or store, if the index would be empty, if another model
            or another way of cutting made it, or if ``out`` has other files than an index.
    """
    sources = [Path(sources)] if isinstance(sources, str | Path) else [*map(Path, sources)]
    check_batch_size(batch_size)
    require_ready(model)
    if precision not in (None, *PRECISIONS):
        raise ValueError(f'precision must be bf16 or fp32, got {precision!r}')
    refuse_unknown_store(store)
    group = IndexGroup()
    if group.rank > 0:
        _help(group, model, out, checkpoint)
        return None
    with ExitStack() as stack:
        with group.telling_errors():
            found = find_archive(sources, Path(out))
            if is_old_index(out) and not rebuild:
                convert_index(out)
            writer = stack.enter_context(IndexWriter.opened(out, tiling, profile, rebuild))
            notes = _ModelNotes(writer, model, checkpoint)
            if writer.fingerprint is not None:
                notes.tell(writer.fingerprint.width)
            if root is not None:
                writer.move_root(root)
            changes, lost = _make_room(writer, sources, found, remove, checksum)
            writer.date_sources(TileSource(writer.tiling, writer.profile).source)
            work = Work(
                list(_todo(changes, found, checksum)),
                writer.tiling,
                writer.profile,
                writer.agreed_precision(precision, _best_precision(model)),
                batch_size,
                {path: writer.known_windows(path) for path in changes.begun},
            )
        group.tell((work, str(writer.place)))
        share = Share.of(work.files, group.rank, group.world)
        with _progress(work, group, writer.place / LOG) as progress:
            progress.line(changes.summary)
            embed_files(work, model, writer, share, progress, notes.tell)
        group.meet()
        writer.join_parts()
        writer.end_shared_sources(share.large)
        if writer.table.count == 0:
            raise ValueError(nothing_indexed(sources, writer.known_sources()))
        card = writer.finish(store, lambda: embed_texts(model, captions or probe_captions()))
        return replace(card, lost=lost)


def _help(
    group: IndexGroup, model: nn.Module, out: str | Path, checkpoint: str | Path | None
) -> None:
    """What the other processes of a group do."""
    work, place = group.hear()
    share = Share.of(work.files, group.rank, group.world)
    with part_writer(place, out) as writer, _progress(work, group, None) as progress:
        notes = _ModelNotes(writer, model, checkpoint)
        embed_files(work, model, writer, share, progress, notes.tell)
    group.meet()


def _make_room(
    writer: IndexWriter,
    sources: list[Path],
    found: dict[str, FoundFile],
    remove: Iterable[str | Path],
    checksum: bool,
) -> tuple[Changes, tuple[str, ...]]:
    """See what has changed or is lost; remove what is gone or has to be embedded anew."""
    known = writer.known_sources()
    refuse_vanished(sources, found, [row.path for row in known])
    taken_out = find_changes(known, {}, map(os.path.abspath, remove)).gone
    for path in taken_out:
        found.pop(path, None)
    changes = find_changes(
        known,
        {path: file.stamp for path, file in found.items()},
        [*map(os.path.abspath, sources), *taken_out],
        (lambda path: file_sha256(Path(path))) if checksum else None,
    )
    is_empty = not (changes.new or changes.changed or changes.begun or changes.same)
    if is_empty and len(changes.gone) == len(known):
        raise ValueError(nothing_indexed(sources, []))
    writer.remove([*changes.gone, *changes.changed])
    writer.restamp(changes.touched)
    writer.add_roots(str(s if s.is_dir() else s.parent) for s in sources)
    kept = {row.path for row in known}.difference(changes.gone)
    return changes, lost_files(found, kept)


def _todo(changes: Changes, found: dict[str, FoundFile], checksum: bool) -> Iterator[FoundFile]:
    """The files that need a vector, in the order in which they were found."""
    wanted = {*changes.new, *changes.changed, *changes.begun}
    for path, file in found.items():
        if path in wanted:
            stamp = stamp_of(path, checksum) if checksum and file.reason is None else file.stamp
            yield FoundFile(path, stamp, file.reason)


@dataclass
class _ModelNotes:
    """Notes the model in an index, once the width of its vectors is known."""

    writer: TileWriter
    model: nn.Module
    checkpoint: str | Path | None
    is_told: bool = False

    def tell(self, width: int) -> None:
        if not self.is_told:
            fingerprint = model_fingerprint(self.model, width)
            checkpoint = None if self.checkpoint is None else str(self.checkpoint)
            self.writer.set_model(fingerprint, self.model.cfg.filename, checkpoint)
            self.is_told = True


def _best_precision(model: nn.Module) -> str:
    return 'bf16' if multiplies_bf16(next(model.parameters()).device.type) else 'fp32'


def _progress(work: Work, group: IndexGroup, log: Path | None) -> IndexingProgress:
    tried = [file for file in work.files if file.reason is None]
    total = sum(file.stamp.bytes for file in tried)
    return IndexingProgress(total // group.world, len(tried), log, quiet=log is None)


def nothing_indexed(sources: list[Path], skipped: list[SourceRow]) -> str:
    """Error message of a run without result: how many files, and the reason of the first."""
    names = ', '.join(map(str, sources[:3])) + (', ...' if len(sources) > 3 else '')
    if not skipped:
        return f'no picture was indexed: {names} has no files'
    first = skipped[0]
    return (
        f'no picture was indexed: {len(skipped)} files of {names} were tried; '
        f'{first.path} is {first.reason}'
    )
