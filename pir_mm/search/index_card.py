"""``index.json``: what an index holds and which model made it."""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelFingerprint:
    """What decides an embedding: two models of one fingerprint give the same vectors.

    Args:
        config_sha256: hash of the parts of the config that decide an embedding.
        weights_sha256: hash of the weights, whatever file they came from.
        width: length of an embedding.
        pir_mm: version of the package. Only its first two numbers count, as a third one promises
            the same vectors.
        vocab_sha256: hash of the vocabulary; empty where none was at hand, which pictures do not
            need. An empty one is not compared.
    """

    config_sha256: str
    weights_sha256: str
    width: int
    pir_mm: str
    vocab_sha256: str = ''

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not field.type:
                raise ValueError(
                    f'{field.name} of a model fingerprint must be {field.type.__name__}, '
                    f'got {value!r}'
                )

    def differences(self, other: 'ModelFingerprint') -> list[str]:
        """What differs, in words: empty if vectors of both may be compared."""
        found = []
        for name, title in (('config_sha256', 'config'), ('weights_sha256', 'weights')):
            ours, others = getattr(self, name), getattr(other, name)
            if ours != others:
                found.append(f'{title} (sha256 {ours[:12]} against {others[:12]})')
        vocabularies = (self.vocab_sha256, other.vocab_sha256)
        if all(vocabularies) and len(set(vocabularies)) > 1:
            ours, others = (digest[:12] for digest in vocabularies)
            found.append(f'vocabulary (sha256 {ours} against {others})')
        if self.width != other.width:
            found.append(f'embedding width ({self.width} against {other.width})')
        if self.pir_mm.split('.')[:2] != other.pir_mm.split('.')[:2]:
            found.append(f'version of pir_mm ({self.pir_mm} against {other.pir_mm})')
        return found


FORMAT = 1


@dataclass(frozen=True)
class SkippedPicture:
    """A file that has no vector, and why: a kind of reason, then details after a colon."""

    source: str
    reason: str


@dataclass(frozen=True)
class IndexCard:
    """The content of ``index.json``.

    Args:
        fingerprint: of the model.
        config: path of the model's config, ``None`` if it came from no file.
        checkpoint: likewise. Files that lie beside the index folder, or below its parent, are
            written relative to the folder, so that they may move together.
        indexed: number of vectors.
        skipped: the files left out.
    """

    fingerprint: ModelFingerprint
    config: str | None
    checkpoint: str | None
    indexed: int
    skipped: tuple[SkippedPicture, ...] = ()

    @property
    def skipped_by_reason(self) -> dict[str, list[str]]:
        """The skipped files of each kind of reason, the most frequent kind first."""
        return {
            reason: [p.source for p in self.skipped if p.reason.split(':')[0] == reason]
            for reason in self.reasons
        }

    @property
    def reasons(self) -> dict[str, int]:
        """How many files were skipped for each kind of reason, the most frequent first."""
        return dict(Counter(picture.reason.split(':')[0] for picture in self.skipped).most_common())

    def write(self, path: Path) -> None:
        content = {
            'format': FORMAT,
            'model': {
                'config': movable(self.config, path.parent),
                'checkpoint': movable(self.checkpoint, path.parent),
                'fingerprint': asdict(self.fingerprint),
            },
            'indexed': self.indexed,
            'skipped': len(self.skipped),
            'reasons': self.reasons,
            'skipped_files': [asdict(picture) for picture in self.skipped],
        }
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')

    @classmethod
    def read(cls, path: Path) -> 'IndexCard':
        """Read and check the file; the paths of the model become absolute.

        Raises:
            ValueError: if it is not JSON, has another format, or a value is wrong or missing.
        """
        try:
            content = json.loads(path.read_text(encoding='utf-8'))
            if content['format'] != FORMAT:
                raise ValueError(f'format {content["format"]!r} is not {FORMAT}: index anew')
            model = content['model']
            return cls(
                ModelFingerprint(**model['fingerprint']),
                resolved(model['config'], path.parent),
                resolved(model['checkpoint'], path.parent),
                checked_count(content['indexed']),
                tuple(SkippedPicture(**picture) for picture in content['skipped_files']),
            )
        except (KeyError, TypeError, ValueError) as error:
            what = f'{error.args[0]!r} is missing' if isinstance(error, KeyError) else error
            raise ValueError(f'{path} is not the card of an index: {what}') from None


def movable(path: str | None, folder: Path) -> str | None:
    """``path`` relative to ``folder`` if it lies below the parent of ``folder``, else absolute."""
    if path is None:
        return None
    absolute, folder = Path(os.path.abspath(path)), Path(os.path.abspath(folder))
    if absolute.is_relative_to(folder.parent):
        return Path(os.path.relpath(absolute, folder)).as_posix()
    return str(absolute)


def resolved(path: str | None, folder: Path) -> str | None:
    """The way back from :func:`movable`."""
    return None if path is None else os.path.abspath(folder / path)


def checked_count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f'indexed must be a whole number of at least 1, got {value!r}')
    return value
