"""Many scenes, each with a look of its own."""

from matplotlib.colors import to_rgb

from pir_mm.visualization.embedding_map import COLOURS, legend_columns, legend_entry, scene_style


def test_sixty_scenes_look_different_and_neighbours_have_other_colours():
    styles = [scene_style(label) for label in range(60)]
    assert len(set(styles)) == 60
    assert all(a[0] != b[0] for a, b in zip(styles, styles[1:], strict=False))


def test_colours_differ_from_each_other_and_from_paper_in_brightness_or_hue():
    rgb = [to_rgb(colour) for colour in (*COLOURS, 'white')]
    for i, one in enumerate(rgb):
        for other in rgb[:i]:
            assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.3


def test_the_legend_shows_what_the_map_shows():
    entry = legend_entry(11, 'forest')
    assert (entry.get_color(), entry.get_marker()) == scene_style(11)
    assert entry.get_label() == 'forest'
    assert [legend_columns(range(n), rows=34) for n in (1, 34, 35, 69)] == [1, 1, 2, 3]
