"""One file from a server, checked before it gets its name."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from pir_mm.files.checksums import file_sha256
from pir_mm.files.write_errors import telling_write_errors

ATTEMPTS = 3
TIMEOUT = (10, 60)
"""Seconds to connect, and to wait for the next bytes."""
BLOCK = 2**14
"""Bytes that a cut may lose."""
HUB = 'https://huggingface.co'


def download(
    url: str, path: str | Path, sha256: str = '', size: int | None = None, limit: int = 2**32
) -> str:
    """Download a file, go on where a cut one ended, and check it.

    What has come so far is kept beside ``path`` as a hidden file. ``path`` appears when the file
    is whole and its checksum is right. Proxies are taken from the usual variables (``HTTPS_PROXY``,
    ``NO_PROXY``), a mirror of the Hugging Face hub from ``HF_ENDPOINT``. A bar is drawn on a
    terminal.

    Args:
        url: of the file, ``https`` or ``http``.
        path: where to put it. Missing folders are made.
        sha256: of the file in hexadecimal, or how it begins; empty where none is published.
        size: bytes of the file, where they are known.
        limit: most bytes that are taken where they are not.

    Returns:
        The SHA-256 of the file.

    Raises:
        FullDiskError: if there is no room for it; what has come is kept.
        OSError: if the server cannot be reached, refuses, or ends too early three times.
        ValueError: if the file is longer than it may be or has another size or checksum.
    """
    url, path = _mirrored(url), Path(path)
    part = path.with_name(f'.{path.name}.part')
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        try:
            with telling_write_errors(path):
                _fetch(url, part, size, limit)
            break
        except requests.exceptions.RequestException as error:
            reason = _reason(error, url)
            if attempt + 1 == ATTEMPTS or not _may_pass(error):
                raise OSError(f'{reason}; run the command again to go on, or put the file '
                              f'at {path} yourself, from {url}') from None  # fmt: skip
            time.sleep(2**attempt)
    digest = file_sha256(part)
    if not digest.startswith(sha256):
        part.unlink()
        raise ValueError(
            f'{url} is not the file that was published: its SHA-256 is {digest}, wanted '
            f'{sha256}; what came is removed'
        )
    os.replace(part, path)
    return digest


def _mirrored(url: str) -> str:
    mirror = os.environ.get('HF_ENDPOINT', '').rstrip('/')
    return mirror + url.removeprefix(HUB) if mirror and url.startswith(f'{HUB}/') else url


def _fetch(url: str, part: Path, size: int | None, limit: int) -> None:
    """Bring ``part`` to its full length."""
    had = part.stat().st_size if part.exists() else 0
    longest = limit if size is None else size
    if had == size:
        return
    headers = {'Accept-Encoding': 'identity'} | ({'Range': f'bytes={had}-'} if had else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()  # longer than the file: not a part of it
            raise requests.exceptions.ConnectionError('what was there did not fit the file')
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            had = 0
        rest = answer.headers.get('Content-Length')
        total = had + int(rest) if rest and rest.isdigit() else None
        if total is not None and (total > longest or (size and total < size)):
            _refuse(url, part, f'{total}', size, limit)
        with part.open('ab' if had else 'wb') as file, _bar(part, total or size, had) as bar:
            for block in answer.iter_content(BLOCK):
                had += len(block)
                if had > longest:
                    _refuse(url, part, f'{had} or more', size, limit)
                file.write(block)
                bar.update(len(block))
    wanted = size or total
    if wanted is not None and had < wanted:
        raise requests.exceptions.ConnectionError(f'it ended after {had} of {wanted} bytes')


def _refuse(url: str, part: Path, found: str, size: int | None, limit: int) -> None:
    part.unlink(missing_ok=True)
    wanted = f'at most {limit}' if size is None else f'{size}'
    raise ValueError(f'{url} has {found} bytes, wanted {wanted}: it is another file')


def _bar(part: Path, total: int | None, had: int) -> tqdm:
    name = part.name[1:].removesuffix('.part')
    return tqdm(
        total=total, initial=had, desc=name, unit='B', unit_scale=True, unit_divisor=1024,
        disable=None,
    )  # fmt: skip


def _may_pass(error: requests.exceptions.RequestException) -> bool:
    """Whether to try again at once: a cut or a busy server, not an address that is wrong."""
    if isinstance(error, requests.exceptions.HTTPError):
        return error.response.status_code >= 500
    return not isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.ProxyError)


def _reason(error: requests.exceptions.RequestException, url: str) -> str:
    host = urlsplit(url).netloc
    if isinstance(error, requests.exceptions.HTTPError):
        return f'{host} answers {error.response.status_code} {error.response.reason} for {url}'
    if isinstance(error, requests.exceptions.ProxyError):
        return f'the proxy of HTTPS_PROXY or HTTP_PROXY does not lead to {host}'
    if isinstance(error, requests.exceptions.Timeout):
        return f'{host} did not answer in time'
    if 'ended' in str(error) or 'IncompleteRead' in str(error):
        return f'the download from {host} was cut'
    return f'{host} cannot be reached: is this machine online, or is HTTPS_PROXY to be set?'
