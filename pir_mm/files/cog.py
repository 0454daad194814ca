"""Cloud Optimised GeoTIFFs of one band of numbers, written block by block."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pir_mm.files.rasters import CACHE_BYTES
from pir_mm.files.write_errors import telling_write_errors
from pir_mm.files.writing import atomic_file

BLOCK = 512


def write_cog(
    path: str | Path,
    size: tuple[int, int],
    values: Callable[[tuple[int, int, int, int]], np.ndarray],
    description: str,
    tags: Mapping[str, str],
    crs: str | None = None,
    transform: tuple[float, ...] | None = None,
    control_points: Sequence[tuple[float, float, float, float]] = (),
) -> None:
    """Write a raster of float32 with overviews, whole or not at all; NaN is no data.

    At most a block and GDAL's cache of 256 MiB are in memory. A file of the same pixels without
    overviews lies beside it while it is written.

    Args:
        path: of the file; missing folders are made.
        size: width and height in pixels.
        values: gives the numbers ``(h, w)`` of a window ``(column, row, width, height)``.
        description: of the band.
        tags: more words about it.
        crs: as ``EPSG:`` and a number or as WKT, if it has a place.
        transform: affine, six numbers by rows, if it has one.
        control_points: ``(column, row, x, y)``, where it has these instead.

    Raises:
        FullDiskError: if there is no room for it.
    """
    import rasterio
    import rasterio.shutil
    from rasterio.control import GroundControlPoint
    from rasterio.transform import Affine
    from rasterio.windows import Window

    path = Path(path)
    width, height = size
    options = {'width': width, 'height': height, 'count': 1, 'dtype': 'float32', 'nodata': np.nan}
    options |= {'tiled': True, 'blockxsize': BLOCK, 'blockysize': BLOCK, 'bigtiff': 'if_safer'}
    packing = {'compress': 'deflate', 'predictor': 3}
    if transform is not None:
        options |= {'crs': crs, 'transform': Affine(*transform)}
    with telling_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, GDAL_PAM_ENABLED='NO'),
            tempfile.TemporaryDirectory(prefix=f'.{path.stem}.', dir=path.parent) as folder,
            atomic_file(path) as temporary,
        ):
            plain = Path(folder, 'plain.tif')
            with rasterio.open(plain, 'w', 'GTiff', **options, **packing) as out:
                if control_points:
                    points = [GroundControlPoint(row=r, col=c, x=x, y=y)
                              for c, r, x, y in control_points]  # fmt: skip
                    out.gcps = points, rasterio.CRS.from_user_input(crs)
                out.set_band_description(1, description)
                out.update_tags(**tags)
                for top in range(0, height, BLOCK):
                    for left in range(0, width, BLOCK):
                        window = (left, top, min(BLOCK, width - left), min(BLOCK, height - top))
                        out.write(values(window).astype(np.float32), 1, window=Window(*window))
            rasterio.shutil.copy(
                plain,
                temporary,
                driver='COG',
                blocksize=BLOCK,
                overview_resampling='average',
                compress='deflate',
                predictor='floating_point',
                bigtiff='if_safer',
            )
