"""The day on which a picture was taken."""

import numpy as np
import pytest
import rasterio
from PIL import ExifTags, Image

from pir_mm.files.pictures import picture_metadata
from pir_mm.files.rasters import Raster
from pir_mm.files.taken_dates import TakenDate, first_day, taken_date


@pytest.mark.parametrize(
    ('text', 'day'),
    [
        ('2018:07:04 10:22:31', '2018-07-04'),
        ('S2A_MSIL2A_20190301T101021_N0211', '2019-03-01'),
        ('LC08_L1TP_193024_20200229_20200313_01_T1', '2020-02-29'),
        ('2021-12-31', '2021-12-31'),
        ('20210431 20210430', '2021-04-30'),  # April has 30 days
        ('120190301', None),  # a longer number
        ('2019-0301', None),
        ('20191301', None),
        ('airport_1', None),
        ('', None),
    ],
)
def test_the_first_date_of_a_text(text, day):
    assert first_day(text) == day


def test_what_tells_of_the_shot_goes_before_what_tells_of_the_file():
    everything = {
        'acquisitionDateTime': '2001-01-01 10:00:00',
        'EXIF_DateTimeOriginal': '2002:02:02 10:00:00',
        'TIFFTAG_DATETIME': '2004:04:04 10:00:00',
    }
    found = []
    name = '/x/19990101/a_20030303.tif'
    for key in ('acquisitionDateTime', 'EXIF_DateTimeOriginal', None, 'TIFFTAG_DATETIME'):
        taken = taken_date(name, everything)
        found.append((taken.day, taken.origin))
        if key is None:
            name = '/x/19990101/a.tif'  # a folder says nothing
        else:
            del everything[key]
    assert found == [
        ('2001-01-01', 'metadata'),
        ('2002-02-02', 'exif'),
        ('2003-03-03', 'name'),
        ('2004-04-04', 'tag'),
    ]
    assert taken_date(name, everything) is None


def test_a_photo_tells_by_its_camera(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = '2020:05:06 00:00:00'
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = '2019:08:07 06:05:04'
    for name in ('a.jpg', 'a.png', 'a.webp'):
        Image.new('RGB', (9, 9)).save(tmp_path / name, exif=exif)
        taken = taken_date(tmp_path / name, picture_metadata(tmp_path / name))
        assert taken == TakenDate('2019-08-07', 'exif')
    Image.new('RGB', (9, 9)).save(tmp_path / 'plain.png')
    (tmp_path / 'broken.jpg').write_bytes((tmp_path / 'a.jpg').read_bytes()[:40])
    for name in ('plain.png', 'broken.jpg', 'gone.jpg'):
        assert picture_metadata(tmp_path / name) == {}


def test_a_raster_tells_by_its_tags(tmp_path):
    path = tmp_path / 'a.tif'
    shape = dict(width=4, height=4, count=1, dtype='uint16')
    with rasterio.open(path, 'w', 'GTiff', **shape) as out:
        out.write(np.ones((1, 4, 4), np.uint16))
        out.update_tags(TIFFTAG_DATETIME='2018:07:04 10:22:31')
    with Raster(path, 'GTiff') as raster:
        assert taken_date(path, raster.metadata) == TakenDate('2018-07-04', 'tag')
    with rasterio.open(path, 'r+') as out:
        out.update_tags(ns='IMAGERY', ACQUISITIONDATETIME='2018-07-03 09:00:00')
    with Raster(path, 'GTiff') as raster:
        assert taken_date(path, raster.metadata) == TakenDate('2018-07-03', 'metadata')
