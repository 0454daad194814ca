"""Writing the files of a prepared folder: captions, vocabulary, report."""

import json
import shutil
from pathlib import Path

from pir_mm.datasets.layout import CAPTIONS, REPORT, VOCABULARY
from pir_mm.datasets.preparation.annotations import split_sizes
from pir_mm.datasets.preparation.pictures import Match
from pir_mm.datasets.tokenizers.vocabulary import train_vocabulary
from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer


def stored_annotations(matched: list[Match]) -> list[dict]:
    """Annotations as they are stored: numbered, with the file names of the stored pictures."""
    annotations = []
    for number, (annotation, _, stored) in enumerate(matched):
        scene = {'class': annotation['class']} if annotation.get('class') else {}
        sentences = [{'raw': sentence['raw']} for sentence in annotation['sentences']]
        start = {'filename': stored, 'imgid': number, 'split': annotation['split']}
        annotations.append({**start, **scene, 'sentences': sentences})
    return annotations


def write_captions(folder: Path, name: str, annotations: list[dict]) -> None:
    """Write the caption file of the data set ``name``."""
    _write_json(folder / CAPTIONS, {'dataset': name, 'images': annotations})


def write_vocabulary(
    folder: Path, annotations: list[dict], copied_from: Path | None, size: int
) -> int:
    """Copy a vocabulary, or train one on the training captions.

    Args:
        folder: to write into.
        annotations: all of the set. Captions of missing pictures count too, so that the vocabulary
            does not depend on what is missing.
        copied_from: vocabulary file to copy; None trains one.
        size: largest number of word pieces of a trained vocabulary.

    Returns:
        The number of word pieces.

    Raises:
        ValueError: if ``copied_from`` is not a vocabulary, or no picture has split ``train``.
    """
    target = folder / VOCABULARY
    if copied_from is not None:
        shutil.copyfile(copied_from, target)
        try:
            return len(WordPieceTokenizer(target))
        except ValueError as error:
            raise ValueError(str(error).replace(str(target), str(copied_from))) from None
    train = [s['raw'] for a in annotations if a['split'] == 'train' for s in a['sentences']]
    if not train:
        raise ValueError('no picture has split train: give that split to some of them')
    return train_vocabulary(train, size, target)


def write_report(folder: Path, annotations: list[dict], **facts: object) -> dict:
    """Write the report and return it: counts of the annotations, and then ``facts``."""
    report = {
        'pictures': len(annotations),
        'captions': sum(len(annotation['sentences']) for annotation in annotations),
        'splits': split_sizes(annotations),
        'scenes': len({a['class'] for a in annotations if 'class' in a}),
        **facts,
    }
    _write_json(folder / REPORT, report)
    return report


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
