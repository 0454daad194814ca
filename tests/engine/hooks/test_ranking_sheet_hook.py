"""The sheet shows the queries, the gallery and the truth of the whole split."""

import logging
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from mmengine.registry import HOOKS
from PIL import Image

import pir_mm.engine.hooks.ranking_sheet_hook as module
from pir_mm.registry import VISUALIZERS
from pir_mm.structures.ranking import Ranking


class Recorder:
    """Stands in for the sheet and keeps what it is told."""

    def __init__(self):
        self.sections = []

    def add(self, heading, queries, ranking, gallery, right):
        self.sections.append(SimpleNamespace(**locals()))

    def save(self, path):
        self.path = path


ITEMS = [
    dict(image_id=0, img_path='p/0.png', captions=['zero', 'both', 'zero'], caption_id=[1, 2, 1]),
    dict(image_id=1, img_path='p/1.png', captions=['both'], caption_id=[2]),
    dict(image_id=2, img_path='p/2.png', captions=['two'], caption_id=[0]),
]
IMAGE = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
CAPTION = {0: [0.8, 0.6], 1: [1.0, 0.0], 2: [0.6, 0.8]}


class Loop:
    """An evaluation that has ended: images 0 and 1 share caption 2."""

    def __init__(self, items=ITEMS):
        dataset = SimpleNamespace(get_data_info=items.__getitem__)
        self.dataloader = SimpleNamespace(dataset=MagicMock(wraps=dataset))
        self.dataloader.dataset.__len__.return_value = len(items)
        ids = [number for item in ITEMS for number in item['caption_id']]
        self.similarity = IMAGE @ torch.tensor([CAPTION[number] for number in ids]).T

    def scores(self, direction, queries):
        return (self.similarity if direction == 'i2t' else self.similarity.T)[queries]


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(
        work_dir=str(tmp_path), epoch=3, logger=logging.getLogger('test'), val_loop=Loop(),
        test_loop=Loop(),
    )  # fmt: skip


@pytest.fixture
def recorder(monkeypatch):
    made = Recorder()
    monkeypatch.setattr(VISUALIZERS, 'build', lambda cfg: made)
    return made


def run(hook, runner, stage='val'):
    getattr(hook, f'after_{stage}_epoch')(runner, {})


def build(**options):
    return HOOKS.build({'type': 'pir_mm.RankingSheetHook', **options})


def test_both_directions_are_ranked_over_the_whole_split(runner, recorder, tmp_path):
    run(build(queries=3, top_k=2), runner)
    forward, backward = recorder.sections
    assert forward.queries[0] in ('zero', 'both')
    assert forward.queries[1:] == ['both', 'two']
    ranked = {'zero': [0, 2], 'both': [2, 1], 'two': [2, 0]}
    assert forward.ranking.ids.tolist() == [ranked[sentence] for sentence in forward.queries]
    assert [path.name for path in forward.gallery] == ['0.png', '1.png', '2.png']
    assert [path.name for path in backward.queries] == ['0.png', '1.png', '2.png']
    assert backward.gallery == ['two', 'zero', 'both']
    assert backward.ranking.ids.tolist() == [[1, 0], [2, 0], [2, 0]]
    assert recorder.path == tmp_path / 'sheets' / 'epoch_3.png'
    assert 'epoch 3' in forward.heading


@pytest.mark.parametrize('seed', range(4))
def test_right_is_what_belongs_together_shared_captions_too(runner, recorder, seed):
    run(build(queries=3, top_k=3, seed=seed), runner)
    forward, backward = recorder.sections
    truth = {('zero', 0), ('both', 0), ('both', 1), ('two', 2)}
    for sentence, ids, right in zip(
        forward.queries, forward.ranking.ids, forward.right, strict=True
    ):
        assert right.tolist() == [(sentence, image) in truth for image in ids]
    for image, ids, right in zip(range(3), backward.ranking.ids, backward.right, strict=True):
        assert right.tolist() == [(backward.gallery[text], image) in truth for text in ids]


def test_the_same_queries_come_at_each_validation_whatever_the_order(runner, recorder):
    hook = build(queries=2, seed=1)
    run(hook, runner)
    runner.val_loop = Loop(ITEMS[::-1])
    run(hook, runner)
    first, second = recorder.sections[0], recorder.sections[2]
    assert first.queries == second.queries
    np.testing.assert_array_equal(first.ranking.ids, second.ranking.ids)
    assert {tuple(path_names(run_with(runner, recorder, seed))) for seed in range(9)} > {
        ('0.png', '1.png')
    }


def run_with(runner, recorder, seed):
    run(build(queries=2, seed=seed), runner)
    return recorder.sections[-1]


def path_names(section):
    return [path.name for path in section.queries]


def test_only_the_main_process_draws(runner, recorder, monkeypatch):
    monkeypatch.setattr(module, 'is_main_process', lambda: False)
    run(build(), runner)
    assert not recorder.sections


def test_scores_are_made_for_the_drawn_queries_only(runner, recorder, monkeypatch):
    asked = []
    whole = Ranking.from_scores
    monkeypatch.setattr(
        Ranking, 'from_scores', lambda scores, k: asked.append(scores.shape) or whole(scores, k)
    )
    run(build(queries=1), runner)
    assert asked == [(1, 3), (1, 3)]


def test_a_test_writes_its_own_sheet(runner, recorder, tmp_path):
    run(build(), runner, stage='test')
    assert recorder.path == tmp_path / 'sheets' / 'test.png'


def test_the_real_sheet_is_written(runner, tmp_path):
    run(build(queries=2), runner)
    assert Image.open(tmp_path / 'sheets' / 'epoch_3.png').width > 500


def test_refuses_no_queries_and_no_results():
    with pytest.raises(ValueError, match='at least 1, got 0 and 5'):
        build(queries=0)
    with pytest.raises(ValueError, match='at least 1, got 6 and 0'):
        build(top_k=0)


def test_a_loop_without_scores_is_refused(runner):
    runner.val_loop = SimpleNamespace()
    with pytest.raises(ValueError, match='SimpleNamespace has none: set val_cfg.type='):
        run(build(), runner)
