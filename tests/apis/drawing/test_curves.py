"""Runs of several folders in one picture, each by a name of its own."""

import json

import pytest

from pir_mm.apis.drawing import curves as curve_drawing
from pir_mm.apis.drawing.curves import draw_curves


def run(folder, by_epoch=True):
    place = folder / '20260101_000000' / 'vis_data'
    place.mkdir(parents=True)
    epoch = {'epoch': 1} if by_epoch else {}
    lines = [{'loss': 1.0, 'iter': 20, 'step': 20, **epoch}, {'mR': 2.0, 'step': 1}]
    (place / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    return folder


@pytest.fixture
def drawn(monkeypatch):
    seen = []
    draw = curve_drawing.draw_learning_curves
    note = lambda *parts: seen.append(parts) or draw(*parts)  # noqa: E731
    monkeypatch.setattr(curve_drawing, 'draw_learning_curves', note)
    return seen


def test_a_name_is_longer_only_where_it_must_be(tmp_path, drawn):
    folders = [run(tmp_path / name) for name in ('a/pir', 'b/pir', 'base')]
    runs = draw_curves(folders, tmp_path / 'c.png')
    ((curves, step_name),) = drawn
    assert [one.name for one in curves] == ['a/pir', 'b/pir', 'base']
    assert step_name == 'epoch' and curves[2].validation == runs[2].validation
    assert (tmp_path / 'c.png').is_file()


def test_runs_by_epoch_and_by_iteration_are_kept_apart(tmp_path, drawn):
    folders = [run(tmp_path / 'a'), run(tmp_path / 'b', by_epoch=False)]
    with pytest.raises(ValueError, match='do not fit into one picture'):
        draw_curves(folders, tmp_path / 'c.png')
    draw_curves(folders[1:], tmp_path / 'c.pdf')
    assert drawn[0][1] == 'iteration'


def test_an_ending_is_refused_first(tmp_path):
    with pytest.raises(ValueError, match='c.txt must end in'):
        draw_curves([tmp_path / 'nowhere'], tmp_path / 'c.txt')
