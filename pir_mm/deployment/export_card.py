"""``model.json`` of an exported model: which model it is, and the files that belong to it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pir_mm.files.writing import write_json
from pir_mm.search.index_card import ModelFingerprint

CARD, TOKENIZER, PREPROCESS = 'model.json', 'tokenizer.json', 'preprocess.json'
TEXT, IMAGE = 'text.onnx', 'image.onnx'
FILES = (TEXT, IMAGE, TOKENIZER, PREPROCESS)
FORMAT = 1
ARITHMETICS = ('fp32', 'int8')


@dataclass(frozen=True)
class ExportCard:
    """The content of ``model.json``.

    Args:
        fingerprint: of the torch model, so that an index of either is searched by the other.
        arithmetic: ``'fp32'``, or ``'int8'`` where large matrices are 8-bit integers.
        tokenizer: cleaning, lengths and padding around ``tokenizer.json``.
        sizes: bytes of each file.
    """

    fingerprint: ModelFingerprint
    arithmetic: str
    tokenizer: dict[str, Any]
    sizes: dict[str, int]

    def write(self, folder: Path) -> None:
        write_json(folder / CARD, {'format': FORMAT, **asdict(self)}, indent=2)


def is_export(path: str | os.PathLike | None) -> bool:
    """Whether a path is the folder of an exported model, or its ``model.json``."""
    if path is None:
        return False
    return (Path(path) / CARD).is_file() or (Path(path).name == CARD and Path(path).is_file())


def export_folder(path: str | os.PathLike) -> Path:
    """The folder of an exported model, given that or its ``model.json``."""
    return Path(path).parent if Path(path).name == CARD else Path(path)


def read_card(folder: Path) -> ExportCard:
    """The card of an exported model, whose files are there and whole.

    Raises:
        FileNotFoundError: if it has no card, or a file of it is not there.
        ValueError: if the card is damaged or of another format, or a file has another size.
    """
    path = folder / CARD
    if not path.is_file():
        raise FileNotFoundError(f'{folder} is no exported model: it has no {CARD}')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content.pop('format') != FORMAT:
            raise ValueError('it is of another format: export the model again')
        card = ExportCard(**{**content, 'fingerprint': ModelFingerprint(**content['fingerprint'])})
        sizes = {name: card.sizes[name] for name in FILES}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f'{path} is damaged: {error}') from None
    for name, size in sizes.items():
        if not (folder / name).is_file():
            raise FileNotFoundError(f'{folder} is no whole export: {name} is absent')
        found = (folder / name).stat().st_size
        if found != size:
            raise ValueError(
                f'{folder / name} has {found} bytes and had {size}: copy the export again'
            )
    return card
