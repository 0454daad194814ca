"""From published archives or the user's own pairs to the folder that CaptionDataset reads."""

import time
from collections.abc import Callable
from pathlib import Path

from pir_mm.datasets.layout import IMAGES, training_command
from pir_mm.datasets.preparation.annotations import (
    PUBLISHED_SETS,
    drop_empty_captions,
    find_caption_file,
    read_annotations,
)
from pir_mm.datasets.preparation.made_from import made_from, refuse_inside, unchanged_report
from pir_mm.datasets.preparation.pictures import copy_pictures, match_pictures
from pir_mm.datasets.preparation.prepared_folder import (
    stored_annotations,
    write_captions,
    write_report,
    write_vocabulary,
)
from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.archives import PictureStore
from pir_mm.files.checksums import file_sha256
from pir_mm.files.writing import atomic_folder


def prepare_dataset(
    name: str,
    source: str | Path,
    out: str | Path,
    captions: str | Path | None = None,
    allow_missing: bool = False,
    vocab: str | Path | None = None,
    vocab_size: int = 4000,
    seed: int = 0,
    log: Callable[[str], None] = print,
) -> dict:
    """Write ``captions.json``, ``images/``, ``vocab.txt`` and ``report.json`` into ``out``.

    The folder appears complete or not at all. If it was already made from the same files with the
    same options, nothing is done. Pictures are copied unchanged under the same file name, and each
    is decoded once. Captions without a word are dropped. The report counts all of this.

    Args:
        name: ``rsicd``, ``ucm``, ``rsitmd``, ``sydney`` or ``custom``.
        source: folder with the pictures, loose or in zip archives, at any depth.
        out: folder to write.
        captions: caption file; by default found under ``source``. ``custom`` needs it.
        allow_missing: go on without missing or broken pictures, and with split sizes that differ
            from the published ones.
        vocab: vocabulary file to copy instead of training one.
        vocab_size: largest number of word pieces of the trained vocabulary.
        seed: of splits that are drawn at random.
        log: is called with each line for the user.

    Returns:
        The report, as written to ``report.json``.

    Raises:
        FileNotFoundError, ValueError: if something is missing or wrong; ``out`` is then unchanged.
    """
    start = time.monotonic()
    source, out = Path(source).resolve(), Path(out).resolve()
    refuse_inside(out, [source])
    path, vocab = _check_files(name, source, out, captions, vocab)
    refuse_inside(out, [path, *([] if vocab is None else [vocab])])
    options = {'name': name, 'allow_missing': allow_missing, 'seed': seed}
    options |= {'vocab_size': vocab_size} if vocab is None else {'vocab': file_sha256(vocab)}
    origin = made_from(source, out, path, options)
    report = unchanged_report(out, origin)
    if report is not None:
        log(f'{out} is up to date, nothing to do: {_summary(report)}')
        return report
    annotations, splits_from = read_annotations(name, path, seed, allow_missing, log)
    store = PictureStore(source, out)
    if not len(store):
        log(f'{source} has no picture, loose or in a .zip; other archives must be unpacked')
    problems = PictureProblems(len(annotations), allow_missing, log)
    annotations, dropped = drop_empty_captions(annotations, problems)
    matched = match_pictures(annotations, store, problems)
    with atomic_folder(out) as part:
        pieces = write_vocabulary(part, annotations, vocab, vocab_size)
        matched = copy_pictures(store, matched, part / IMAGES, problems)
        stored = stored_annotations(matched)
        write_captions(part, out.name if name == 'custom' else name, stored)
        report = write_report(
            part,
            stored,
            splits_from=splits_from,
            splits_published=PUBLISHED_SETS[name].splits if name in PUBLISHED_SETS else None,
            renamed=sum(m.annotation['filename'] != m.stored for m in matched),
            empty_captions_dropped=dropped,
            **problems.lists,
            vocabulary=pieces,
            checksums={file.name: file_sha256(file) for file in (path, *store.archives)},
            made_from=origin,
        )
    log(f'wrote {out} in {time.monotonic() - start:.1f} s: {_summary(report)}')
    log(f'train on it by: {training_command(out)}')
    return report


def _check_files(
    name: str, source: Path, out: Path, captions: str | Path | None, vocab: str | Path | None
) -> tuple[Path, Path | None]:
    """The caption file and the vocabulary file, if any, as absolute paths."""
    if name not in (*PUBLISHED_SETS, 'custom'):
        raise ValueError(f'the set {name!r} is not known: {", ".join(PUBLISHED_SETS)} or custom')
    if not source.is_dir():
        raise FileNotFoundError(f'the source {source} is not a folder: give the one with the data')
    if name == 'custom' and captions is None:
        raise ValueError('custom pairs need a caption file: give it by --captions')
    for file in (captions, vocab):
        if file is not None and not Path(file).is_file():
            raise FileNotFoundError(f'the file {file} does not exist')
    path = find_caption_file(source, name, out) if captions is None else Path(captions)
    return path.resolve(), None if vocab is None else Path(vocab).resolve()


def _summary(report: dict) -> str:
    sizes = ', '.join(f'{count} {split}' for split, count in report['splits'].items())
    return (
        f'{report["pictures"]} pictures ({sizes}), {report["captions"]} captions '
        f'({len(report["empty_captions_dropped"])} empty ones dropped), '
        f'{report["scenes"]} scenes, {report["vocabulary"]} word pieces'
    )
