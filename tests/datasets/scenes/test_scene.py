from pir_mm.datasets.scenes.scene import Group


def test_a_group_counts_its_boxes():
    assert Group('plane', [(0, 0, 9, 9), (20, 0, 29, 9)]).count == 2
