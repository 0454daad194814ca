"""Which file of a source folder holds the captions of a benchmark."""

from pathlib import Path

from pir_mm.datasets.preparation.picture_store import wanted_files


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
