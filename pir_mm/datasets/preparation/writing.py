"""The files of a prepared folder beside its pictures."""

import json
import shutil
from pathlib import Path

from pir_mm.datasets.layout import CAPTIONS, REPORT, VOCABULARY
from pir_mm.datasets.preparation.picture_store import Picture
from pir_mm.datasets.preparation.splitting import split_sizes
from pir_mm.datasets.tokenizers.vocabulary import train_vocabulary
from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer


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
