"""Scene names."""

import pytest

from pir_mm.datasets.scene_labels import scene_name


@pytest.mark.parametrize(
    ('filename', 'scene', 'by_class', 'by_filename'),
    [
        ('airport_12.jpg', None, 'airport', 'airport'),
        ('airport_12.jpg', 'Air Field', 'Air Field', 'airport'),
        ('Baseball_Field_3.tif', None, 'baseball', 'baseball'),
        ('00578.jpg', None, None, '00578'),
        ('12_7.jpg', None, None, '12'),
        ('_7.jpg', None, None, ''),
        ('test/pond_3.tif', None, 'pond', 'pond'),
        ('pond.tif', None, None, 'pond'),
    ],
)
def test_name(filename, scene, by_class, by_filename):
    entry = {'filename': filename, 'class': scene}
    assert scene_name(entry) == by_class
    assert scene_name(entry, 'filename') == by_filename
