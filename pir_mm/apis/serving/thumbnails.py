"""Small pictures of tiles, the last of which are kept."""

import io
from collections import OrderedDict
from threading import Lock

from pir_mm.apis.serving.served_index import Edition
from pir_mm.querying.search_result import shown
from pir_mm.search import TileSource

QUALITY = 85


class Thumbnails:
    """Square JPEG pictures of tiles. Threads can share it.

    Args:
        kept_bytes: of those that were made last.
    """

    def __init__(self, kept_bytes: int) -> None:
        self._source = TileSource()
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._room = kept_bytes
        self._lock = Lock()

    def picture(self, edition: Edition, number: int, side: int) -> bytes:
        """The picture of a tile, or a notice if its file is gone or broken.

        Args:
            edition: of the index.
            number: id of the tile.
            side: in pixels.

        Raises:
            ValueError: if there is no such tile.
        """
        key = (edition.version, number, side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        content = self._made(edition, number, side)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = content
                self._room -= len(content)
            while self._room < 0:
                self._room += len(self._kept.popitem(last=False)[1])
        return content

    def _made(self, edition: Edition, number: int, side: int) -> bytes:
        from pir_mm.visualization.thumbnail import thumbnail

        (tile,) = edition.index.tiles([number])
        file = io.BytesIO()
        square = thumbnail(shown(self._source, tile, 2 * side), side)
        square.save(file, 'JPEG', quality=QUALITY)
        return file.getvalue()
