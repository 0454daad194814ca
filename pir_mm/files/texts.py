"""Text files of other people's programs, in whatever encoding they are."""

import codecs
from collections.abc import Collection
from pathlib import Path

from pir_mm.files.names import first_few

MARKS = {
    codecs.BOM_UTF8: 'utf-8-sig',
    codecs.BOM_UTF32_LE: 'utf-32',
    codecs.BOM_UTF32_BE: 'utf-32',
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
}
OLD_PAGES = ['cp1252', 'cp1251', 'gb18030', 'shift_jis', 'big5']
ENOUGH = 8  # letters beyond ASCII; fewer do not tell one code page from another


def read_any_text(path: str | Path) -> tuple[str, str]:
    """The text of a file and its encoding.

    A byte order mark decides, then whether it is UTF-8, then zero bytes at every second place
    (UTF-16 without a mark). What is left is in an old code page: the likeliest, or Windows' western
    one where the file says too little.
    """
    data = Path(path).read_bytes()
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding), encoding.removesuffix('-sig')
    for encoding in ('utf-16-le', 'utf-16-be'):
        first = 1 if encoding == 'utf-16-le' else 0
        zeros = data[first::2].count(0)
        if len(data) % 2 == 0 and zeros > len(data) / 4 and data[1 - first :: 2].count(0) == 0:
            return data.decode(encoding), encoding
    try:
        return data.decode('utf-8'), 'utf-8'
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes  # few files need it

    guess = from_bytes(data, cp_isolation=OLD_PAGES).best()
    if guess is None or sum(byte > 127 for byte in data) < ENOUGH:
        return data.decode('cp1252', errors='replace'), 'cp1252'
    return str(guess), guess.encoding


def read_names(path: str | Path, there: Collection[str], of: str) -> set[str]:
    """Names from a list, one in a line; blank lines and those that begin with ``#`` say nothing.

    Args:
        path: of the list.
        there: all names that there are.
        of: the set whose names these are, for the message.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it has another name.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'the list {path} does not exist')
    lines = (line.strip() for line in path.read_text(encoding='utf-8').splitlines())
    names = {line for line in lines if line and not line.startswith('#')}
    strange = sorted(names.difference(there))
    if strange:
        raise ValueError(
            f'{path} names {first_few(strange)}, which {of} does not have: it is the list of '
            'another set'
        )
    return names
