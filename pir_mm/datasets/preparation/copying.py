"""Copying pictures into the layout, each decoded once to see that it can be."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pir_mm.datasets.picture_reading import read_picture
from pir_mm.datasets.preparation.account import Account
from pir_mm.datasets.preparation.picture_store import Picture, PictureStore


def copy_pictures(
    store: PictureStore, matched: list[tuple[dict, Picture]], folder: Path, account: Account
) -> list[tuple[dict, Picture]]:
    """Write the pictures into ``folder`` as they are; returns those that are not broken.

    Two threads suffice: decoding and writing leave Python's lock.
    """

    def copy(picture: Picture) -> str | None:
        target = folder / picture.name
        try:
            target.write_bytes(store.read(picture))
            read_picture(target)
        except ValueError as error:
            target.unlink(missing_ok=True)
            return str(error).replace(str(target), str(picture))
        return None

    folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(copy, [picture for _, picture in matched])
        reasons = list(tqdm(results, total=len(matched), desc='pictures', disable=None))
    account.note('broken', [reason for reason in reasons if reason])
    return [pair for pair, reason in zip(matched, reasons, strict=True) if reason is None]
