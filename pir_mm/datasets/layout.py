"""Names of the files of a prepared data set, and the command that makes each set."""

from pathlib import Path

CAPTIONS = 'captions.json'
IMAGES = 'images'
VOCABULARY = 'vocab.txt'
REPORT = 'report.json'
SPLITS = ('train', 'val', 'test')
BENCHMARKS = ('rsicd', 'ucm', 'rsitmd', 'sydney')


def command_for(folder: str | Path) -> str:
    """The command that writes the data set ``folder``, told by the folder's name."""
    name = Path(folder).name
    if name in BENCHMARKS:
        return f'python tools/prepare_data.py {name} --source DIR --out {folder}'
    if 'demo' in name or 'scenes' in name:
        return f'python tools/make_scenes.py --out {folder}'
    return f'python tools/prepare_data.py custom --captions FILE --source DIR --out {folder}'
