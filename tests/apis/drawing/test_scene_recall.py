"""Recall of scenes by hand, and the order in which they are drawn."""

import dataclasses

import pytest
import torch
from PIL import Image

from pir_mm.apis.drawing.scene_recall import draw_scenes
from tests.apis.split_of_colours import split_of_colours


def test_recall_worked_out_by_hand(colour_model, pictures, tmp_path):
    split = split_of_colours(colour_model, pictures)
    rows = draw_scenes(split, tmp_path / 's.png', k=1)
    assert [(row.name, row.pictures) for row in rows] == [
        ('field', 1), ('city', 2), ('unlabelled', 1),
    ]  # fmt: skip
    # Of red three captions tie for the first place, one is its own; one of blue is its own.
    assert [row.i2t for row in rows] == pytest.approx([100, 100 * (1 / 3 + 1) / 2, 0])
    assert [row.t2i for row in rows] == pytest.approx([100, 50, 0])
    assert Image.open(tmp_path / 's.png').width == 2160


def test_whiskers_count_pictures_not_captions(colour_model, pictures, tmp_path, monkeypatch):
    trials = []
    monkeypatch.setattr(
        'pir_mm.apis.drawing.scene_recall.wilson_interval',
        lambda share, count: trials.append(count.tolist()) or (share, share),
    )
    draw_scenes(split_of_colours(colour_model, pictures), tmp_path / 's.png')
    assert trials == [[1, 2, 1]] * 2


def test_says_what_is_wrong(colour_model, pictures, tmp_path):
    split = split_of_colours(colour_model, pictures)
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        draw_scenes(split, tmp_path / 's.png', k=0)
    with pytest.raises(ValueError, match=r's.jpg must end in \.png or \.pdf'):
        draw_scenes(split, tmp_path / 's.jpg')
    nowhere = dataclasses.replace(split.embedded, scene=torch.full((4,), -1))
    with pytest.raises(ValueError, match='no picture of the split has a scene'):
        draw_scenes(dataclasses.replace(split, embedded=nowhere), tmp_path / 's.png')
    assert not list(tmp_path.glob('s.*'))
