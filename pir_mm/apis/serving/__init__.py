"""A page and a JSON API over an index, for a browser on this machine."""

from pir_mm.apis.serving.limits import Limits
from pir_mm.apis.serving.server import TileServer, serve

__all__ = ['Limits', 'TileServer', 'serve']
