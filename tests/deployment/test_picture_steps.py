"""Pictures by hand; that they are those of the config's transforms, the tests of export tell."""

import numpy as np
import pytest
from PIL import Image

from pir_mm.deployment.picture_steps import PictureSteps


def steps(*steps, mean=(0, 0, 0), std=(1, 1, 1), to_rgb=True, max_pixels=10_000, min_side=None):
    return PictureSteps(steps, mean, std, to_rgb, max_pixels, min_side)


def test_colours_are_normalised_in_their_order():
    picture = np.full((2, 3, 3), (10, 20, 30), np.uint8)
    found = steps(mean=(1, 2, 3), std=(3, 9, 27))(picture)
    assert found.shape == (3, 2, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0, 0], [3, 2, 1])
    np.testing.assert_allclose(steps(to_rgb=False)(picture)[:, 0, 0], [30, 20, 10])


@pytest.mark.parametrize(
    ('shape', 'edge', 'wanted'),
    [((40, 60), 'short', (8, 12)), ((60, 40), 'short', (12, 8)), ((40, 60), 'long', (5, 8)),
     ((40, 60), 'width', (5, 8)), ((40, 60), 'height', (8, 12)), ((50, 50), 'short', (8, 8))],
)  # fmt: skip
def test_an_edge_has_its_length(shape, edge, wanted):
    step = {'type': 'ResizeEdge', 'scale': 8, 'edge': edge, 'interpolation': 'bilinear'}
    assert steps(step)(np.zeros((*shape, 3), np.uint8)).shape[1:] == wanted


@pytest.mark.parametrize(('shape', 'first'), [((6, 7), (1, 2)), ((4, 4), (0, 0)), ((9, 5), (2, 0))])
def test_the_middle_is_cut_out(shape, first):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    picture = np.stack([rows, columns, rows], axis=-1).astype(np.uint8)
    found = steps({'type': 'CenterCrop', 'crop_size': [4, 4]})(picture)
    assert found.shape == (3, 4, 4)
    assert tuple(found[:2, 0, 0]) == first


def test_files_are_read_and_large_ones_refused(tmp_path):
    Image.new('RGB', (20, 10), (255, 0, 0)).save(tmp_path / 'red.png')
    resize = {'type': 'Resize', 'scale': [4, 2], 'interpolation': 'area'}
    found = steps(resize)(tmp_path / 'red.png')
    np.testing.assert_array_equal(found, np.full((3, 2, 4), [[[255]], [[0]], [[0]]]))
    with pytest.raises(ValueError, match='20 x 10 pixels'):
        steps(resize, max_pixels=100)(tmp_path / 'red.png')
    with pytest.raises(FileNotFoundError):
        steps(resize)(tmp_path / 'blue.png')


def test_an_unknown_step_is_refused():
    with pytest.raises(ValueError, match="step 'RandomFlip' of a picture is unknown"):
        steps({'type': 'RandomFlip', 'prob': 0.5})
