"""``index.json``: what an index holds and which model made it."""

import os
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pir_mm.files.writing import write_json
from pir_mm.search.store_note import StoreNote
from pir_mm.search.tile_table import FORMAT
from pir_mm.search.tiling import Tiling


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
        text_sha256: hash of the weights that a text is encoded with. It is compared where
            ``weights_sha256`` is empty, as of a model that has no image encoder; empty in an index
            that did not note it.
    """

    config_sha256: str
    weights_sha256: str
    width: int
    pir_mm: str
    vocab_sha256: str = ''
    text_sha256: str = ''

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
        is_whole = self.weights_sha256 and other.weights_sha256
        weights = 'weights_sha256' if is_whole else 'text_sha256'
        for name, title in (('config_sha256', 'config'), (weights, 'weights')):
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


@dataclass(frozen=True)
class SkippedPicture:
    """A file that has no vector for all or part of it: a kind of reason, then details."""

    source: str
    reason: str


@dataclass(frozen=True)
class IndexCard:
    """The content of ``index.json``: what an index holds, told to people and to other programs.

    Args:
        fingerprint: of the model.
        config: path of the model's config, ``None`` if it came from no file.
        checkpoint: likewise. Files that lie beside the index folder, or below its parent, are
            written relative to the folder, so that they may move together.
        indexed: number of tiles, each with a vector.
        skipped: the files that have no vector for all or part of them.
        sources: number of files that have one.
        without_data: number of tiles left out because they have no data.
        tiling: size and overlap of the tiles.
        profile: how rasters became colours.
        root: the folder below which all named sources lie.
        store: what serves a search.
        lost: files in other folders than a run searched that are not there any more; ``index.json``
            does not have it.
    """

    fingerprint: ModelFingerprint
    config: str | None
    checkpoint: str | None
    indexed: int
    skipped: tuple[SkippedPicture, ...] = ()
    sources: int = 0
    without_data: int = 0
    tiling: Tiling = Tiling()
    profile: str = 'auto'
    root: str | None = None
    store: StoreNote = StoreNote()
    lost: tuple[str, ...] = ()

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
        """Write the card, whole or not at all."""
        content = {
            'format': FORMAT,
            'model': {
                'config': movable(self.config, path.parent),
                'checkpoint': movable(self.checkpoint, path.parent),
                'fingerprint': asdict(self.fingerprint),
            },
            'root': movable(self.root, path.parent),
            'tiles': {**asdict(self.tiling), 'profile': self.profile},
            'store': self.store.to_json(),
            'sources': self.sources,
            'indexed': self.indexed,
            'without_data': self.without_data,
            'skipped': len(self.skipped),
            'reasons': self.reasons,
            'skipped_files': [asdict(picture) for picture in self.skipped],
        }
        write_json(path, content, indent=2)


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
