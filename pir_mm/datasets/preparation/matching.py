"""Which picture file belongs to which entry of a caption file."""

from pathlib import Path

from pir_mm.datasets.caption_cleaning import caption_words
from pir_mm.datasets.preparation.account import Account
from pir_mm.files.archives import Picture, PictureStore, wanted_files


def find_caption_file(source: Path, name: str, out: Path) -> Path:
    """The one ``*.json`` under ``source`` (not under ``out``), preferred if its name has ``name``.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if there are several and none, or more than one, is named after the set.
    """
    files = [path for path in wanted_files(source, out) if path.suffix.lower() == '.json']
    named = [path for path in files if name in path.stem.lower()]
    if not files:
        raise FileNotFoundError(
            f'{source} holds no .json file of captions: put dataset_{name}.json there'
        )
    chosen = named if len(named) == 1 else files
    if len(chosen) > 1:
        raise ValueError(
            f'{source} holds {len(chosen)} .json files ({", ".join(f.name for f in chosen[:5])}): '
            f'name one by --captions'
        )
    return chosen[0]


def match_pictures(
    entries: list[dict], store: PictureStore, account: Account
) -> list[tuple[dict, Picture]]:
    """Entries with their pictures; those that have none are noted as missing.

    An entry's ``file_in_zip`` goes before its ``filename``.

    Raises:
        ValueError: if two entries would be stored under one file name, or some are missing and
            that is not allowed.
    """
    matched, missing = [], []
    taken: dict[str, str] = {}
    for entry in entries:
        picture = store.find(entry.get('file_in_zip') or entry['filename'])
        if picture is None:
            missing.append(entry['filename'])
            continue
        if picture.name in taken:
            raise ValueError(
                f'{taken[picture.name]} and {entry["filename"]} would both be stored as '
                f'{picture.name}: rename one of them, in the folder and in the caption file'
            )
        taken[picture.name] = entry['filename']
        matched.append((entry, picture))
    account.note('missing', missing)
    return matched


def drop_empty_captions(entries: list[dict], account: Account) -> tuple[list[dict], list[str]]:
    """Entries without their wordless captions, and where those stood; pictures left bare are noted.

    Three of RSICD's 54,605 captions are but a full stop.
    """
    kept, dropped, bare = [], [], []
    for entry in entries:
        words = [caption_words(sentence['raw']) for sentence in entry['sentences']]
        dropped += [f'{entry["filename"]}, caption {n}' for n, w in enumerate(words) if not w]
        sentences = [s for s, w in zip(entry['sentences'], words, strict=True) if w]
        if sentences:
            kept.append({**entry, 'sentences': sentences})
        else:
            bare.append(entry['filename'])
    account.note('without caption', bare)
    return kept, dropped
