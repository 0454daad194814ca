"""From published archives, or one's own pairs, to the layout that CaptionDataset reads."""

import time
from collections.abc import Callable
from pathlib import Path

from pir_mm.datasets.layout import IMAGES
from pir_mm.datasets.preparation.account import Account
from pir_mm.datasets.preparation.benchmarks import PUBLISHED
from pir_mm.datasets.preparation.caption_search import find_caption_file
from pir_mm.datasets.preparation.copying import copy_pictures
from pir_mm.datasets.preparation.fingerprint import checksum, fingerprint, unchanged_report
from pir_mm.datasets.preparation.folder_swap import replaced_folder
from pir_mm.datasets.preparation.matching import drop_empty_captions, match_pictures
from pir_mm.datasets.preparation.picture_store import PictureStore
from pir_mm.datasets.preparation.splitting import read_entries
from pir_mm.datasets.preparation.writing import write_captions, write_report, write_vocabulary


def prepare_dataset(
    name: str,
    source: str | Path,
    out: str | Path,
    captions: str | Path | None = None,
    allow_missing: bool = False,
    vocab: str | Path | None = None,
    vocab_size: int = 4000,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> dict:
    """Write ``captions.json``, ``images/``, ``vocab.txt`` and ``report.json`` into ``out``.

    The folder appears whole or not at all; a run that finds it made from the same files with the
    same options does nothing. Pictures are copied as they are, each decoded once, and keep the
    name of their file; captions without a word are dropped. All of this is counted in the report.

    Args:
        name: ``rsicd``, ``ucm``, ``rsitmd``, ``sydney`` or ``custom``.
        source: folder with the pictures, loose or in zip archives, at any depth.
        out: folder to write.
        captions: caption file; by default found under ``source``, but ``custom`` needs it.
        allow_missing: write what there is where pictures are missing or broken, or where the split
            sizes are not the published ones.
        vocab: vocabulary file to copy instead of training one.
        vocab_size: most pieces of the trained vocabulary.
        seed: of splits that are drawn.
        say: called with each line for the user.

    Returns:
        The report.

    Raises:
        FileNotFoundError, ValueError: if something is missing or wrong; ``out`` is then untouched.
    """
    start = time.monotonic()
    source, out = Path(source).resolve(), Path(out).resolve()
    path, vocab = _check_files(name, source, out, captions, vocab)
    options = {'name': name, 'allow_missing': allow_missing, 'seed': seed}
    options |= {'vocab_size': vocab_size} if vocab is None else {'vocab': checksum(vocab)}
    made_from = fingerprint(source, out, path, options)
    report = unchanged_report(out, made_from)
    if report is not None:
        say(f'{out} is up to date, nothing to do: {_summary(report)}')
        return report
    entries, origin = read_entries(name, path, seed, allow_missing)
    store = PictureStore(source, out)
    if not len(store):
        say(f'{source} holds no picture, loose or in a .zip; other archives must be unpacked')
    account = Account(len(entries), allow_missing, say)
    entries, dropped = drop_empty_captions(entries, account)
    matched = match_pictures(entries, store, account)
    with replaced_folder(out) as part:
        pieces = write_vocabulary(part, entries, vocab, vocab_size)
        matched = copy_pictures(store, matched, part / IMAGES, account)
        written = write_captions(part, out.name if name == 'custom' else name, matched)
        report = write_report(
            part,
            written,
            splits_from=origin,
            splits_published=PUBLISHED[name].splits if name in PUBLISHED else None,
            renamed=sum(entry['filename'] != picture.name for entry, picture in matched),
            empty_captions_dropped=dropped,
            **account.lists,
            vocabulary=pieces,
            checksums={file.name: checksum(file) for file in (path, *store.archives)},
            made_from=made_from,
        )
    say(f'wrote {out} in {time.monotonic() - start:.1f} s: {_summary(report)}')
    return report


def _check_files(
    name: str, source: Path, out: Path, captions: str | Path | None, vocab: str | Path | None
) -> tuple[Path, Path | None]:
    if name not in (*PUBLISHED, 'custom'):
        raise ValueError(f'the set {name!r} is not known: {", ".join(PUBLISHED)} or custom')
    if not source.is_dir():
        raise FileNotFoundError(f'the source {source} is no folder: give the one with the data')
    if name == 'custom' and captions is None:
        raise ValueError('custom pairs need a caption file: name it by --captions')
    for file in (captions, vocab):
        if file is not None and not Path(file).is_file():
            raise FileNotFoundError(f'the file {file} does not exist')
    path = find_caption_file(source, name, out) if captions is None else Path(captions).resolve()
    return path, None if vocab is None else Path(vocab).resolve()


def _summary(report: dict) -> str:
    sizes = ', '.join(f'{count} {split}' for split, count in report['splits'].items())
    return (
        f'{report["pictures"]} pictures ({sizes}), {report["captions"]} captions '
        f'({len(report["empty_captions_dropped"])} empty ones dropped), '
        f'{report["scenes"]} scenes, {report["vocabulary"]} word pieces'
    )
