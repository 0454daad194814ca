"""From published archives, or one's own pairs, to the layout that CaptionDataset reads."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pir_mm.datasets.layout import CAPTIONS, IMAGES, REPORT, VOCABULARY
from pir_mm.datasets.preparation.account import Account
from pir_mm.datasets.preparation.matching import (
    drop_empty_captions,
    find_caption_file,
    match_pictures,
)
from pir_mm.datasets.preparation.splitting import PUBLISHED, read_entries, split_sizes
from pir_mm.datasets.tokenizers.vocabulary import train_vocabulary
from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer
from pir_mm.files.archives import EXTENSIONS, Picture, PictureStore, wanted_files
from pir_mm.files.pictures import read_picture
from pir_mm.files.writing import replaced_folder


def copy_pictures(
    store: PictureStore, matched: list[tuple[dict, Picture]], folder: Path, account: Account
) -> list[tuple[dict, Picture]]:
    """Write the pictures into ``folder`` as they are; returns those that are not broken.

    Two threads suffice: decoding and writing leave Python's lock.
    """

    def copy(picture: Picture) -> str | None:
        target = folder / picture.name
        try:
            target.write_bytes(store.read(picture))
            read_picture(target)
        except ValueError as error:
            target.unlink(missing_ok=True)
            return str(error).replace(str(target), str(picture))
        return None

    folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(copy, [picture for _, picture in matched])
        reasons = list(tqdm(results, total=len(matched), desc='pictures', disable=None))
    account.note('broken', [reason for reason in reasons if reason])
    return [pair for pair, reason in zip(matched, reasons, strict=True) if reason is None]


def fingerprint(source: Path, skip: Path, captions: Path, options: dict) -> dict:
    """Names, sizes and times of change of everything read, and the options given."""
    archives, loose = {}, hashlib.sha256()
    for path in wanted_files(source, skip):
        suffix, stamp = path.suffix.lower(), _stamp(path)
        if suffix == '.zip':
            archives[path.name] = stamp
        elif suffix in EXTENSIONS:
            loose.update(f'{path.relative_to(source)} {stamp}\n'.encode())
    return {
        'source': str(source),
        'captions': {captions.name: _stamp(captions)},
        'archives': archives,
        'loose_pictures': loose.hexdigest(),
        'options': options,
    }


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def unchanged_report(out: Path, made_from: dict) -> dict | None:
    """The report of ``out`` if it was made from the same and is still complete, else None.

    Raises:
        ValueError: if ``out`` holds something that this program did not write.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / REPORT).is_file():
        raise ValueError(
            f'{out} exists and has no {REPORT}, so it was not written by this program: '
            'name another folder by --out, or remove it'
        )
    try:
        report = json.loads((out / REPORT).read_text(encoding='utf-8'))
    except ValueError:
        return None
    whole = (
        report.get('made_from') == made_from
        and all((out / name).is_file() for name in (CAPTIONS, VOCABULARY))
        and (out / IMAGES).is_dir()
        and len(list((out / IMAGES).iterdir())) == report['pictures']
    )
    return report if whole else None


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def write_captions(folder: Path, name: str, matched: list[tuple[dict, Picture]]) -> list[dict]:
    """Write the caption file; returns its entries, numbered and named after the stored pictures."""
    entries = []
    for number, (entry, picture) in enumerate(matched):
        scene = {'class': entry['class']} if entry.get('class') else {}
        sentences = [{'raw': sentence['raw']} for sentence in entry['sentences']]
        start = {'filename': picture.name, 'imgid': number, 'split': entry['split']}
        entries.append({**start, **scene, 'sentences': sentences})
    _dump(folder / CAPTIONS, {'dataset': name, 'images': entries})
    return entries


def write_vocabulary(folder: Path, entries: list[dict], copied: Path | None, size: int) -> int:
    """Copy a vocabulary, or train one on the training captions; returns its number of pieces.

    Training captions of missing pictures count as well, so the pieces are always the same.

    Raises:
        ValueError: if the file is no vocabulary, or no picture is for training.
    """
    target = folder / VOCABULARY
    if copied is not None:
        shutil.copyfile(copied, target)
        try:
            return len(WordPieceTokenizer(target))
        except ValueError as error:
            raise ValueError(str(error).replace(str(target), str(copied))) from None
    train = [s['raw'] for e in entries if e['split'] == 'train' for s in e['sentences']]
    if not train:
        raise ValueError('no picture is of split train: give some of them that split')
    return train_vocabulary(train, size, target)


def write_report(folder: Path, entries: list[dict], **facts: object) -> dict:
    """Write and return counts and ``facts``."""
    report = {
        'pictures': len(entries),
        'captions': sum(len(entry['sentences']) for entry in entries),
        'splits': split_sizes(entries),
        'scenes': len({entry['class'] for entry in entries if 'class' in entry}),
        **facts,
    }
    _dump(folder / REPORT, report)
    return report


def _dump(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


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
