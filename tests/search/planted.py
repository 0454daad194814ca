"""Rasters with objects planted at known places, of any size, written strip by strip."""

import numpy as np
import rasterio
import rasterio.warp
from rasterio.windows import Window

COLOURS = {'red': (255, 0, 0), 'green': (0, 255, 0), 'blue': (0, 0, 255)}


def plant(path, width, height, objects, side=40, transform=None, crs='EPSG:32633', **options):
    """A grey raster of noise with squares of one colour.

    Args:
        path: of the GeoTIFF.
        objects: colour name, and column and row of the middle of its square.
        side: of a square, in pixels.
        options: of rasterio, such as ``compress``.

    Returns:
        Longitude and latitude of the middle of each object.
    """
    transform = transform or rasterio.Affine(0.5, 0, 400_000, 0, -0.5, 5_500_000)
    generator = np.random.default_rng(0)
    options = {'tiled': True, 'blockxsize': 256, 'blockysize': 256, **options}
    shape = {'width': width, 'height': height, 'count': 3, 'dtype': 'uint8'}
    with rasterio.open(path, 'w', 'GTiff', crs=crs, transform=transform, **shape, **options) as out:
        for top in range(0, height, 256):
            rows = min(256, height - top)
            strip = generator.integers(90, 110, (1, rows, width), dtype=np.uint8).repeat(3, axis=0)
            for name, column, row in objects:
                first, last = max(row - side // 2, top), min(row + side // 2, top + rows)
                if first < last:
                    left = max(column - side // 2, 0)
                    colour = np.array(COLOURS[name], np.uint8)[:, None, None]
                    strip[:, first - top : last - top, left : column + side // 2] = colour
            out.write(strip, window=Window(0, top, width, rows))
    a, b, c, d, e, f = transform[:6]
    xs = [a * column + b * row + c for _, column, row in objects]
    ys = [d * column + e * row + f for _, column, row in objects]
    return list(zip(*rasterio.warp.transform(crs, 'EPSG:4326', xs, ys), strict=True))
