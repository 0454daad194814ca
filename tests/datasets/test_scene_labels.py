"""Scene names."""

import pytest

from pir_mm.datasets.scene_labels import number_scenes, scene_name


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


def test_numbers_follow_the_alphabet_or_the_list_given():
    found = {'port', None, 'pond'}
    assert number_scenes(found) == {'pond': 0, 'port': 1}
    assert number_scenes(found, ['port', 'sea', 'pond']) == {'port': 0, 'sea': 1, 'pond': 2}
    assert number_scenes({None}) == {}


def test_refuses_a_scene_that_the_list_lacks():
    with pytest.raises(ValueError, match=r'does not list: airport, port \(2 in all\); add'):
        number_scenes({'port', 'pond', 'airport'}, ['pond'])
