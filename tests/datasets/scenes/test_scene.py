import pytest

from pir_mm.datasets.scenes.scene import NOUNS, Group


def test_a_group_counts_its_boxes():
    assert Group('plane', [(0, 0, 9, 9), (20, 0, 29, 9)]).count == 2


@pytest.mark.parametrize('noun', NOUNS)
def test_names_have_a_singular_and_a_plural(noun):
    for name in NOUNS[noun].names:
        one, many = name.split('|')
        assert one.count('{}') == many.count('{}') <= 1
