"""The sheet shows the queries, the gallery and the truth of the whole split."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.registry import HOOKS
from mmpretrain.structures import DataSample
from PIL import Image

import pir_mm.engine.hooks.ranking_sheet_hook as module
from pir_mm.registry import VISUALIZERS


class Recorder:
    """Stands in for the sheet and keeps what it is told."""

    def __init__(self):
        self.sections = []

    def add(self, heading, queries, ranking, gallery, right):
        self.sections.append(SimpleNamespace(**locals()))

    def save(self, path):
        self.path = path


def sample(image_id, image, texts, caption_id):
    """A picture; ``texts`` maps the ids of the captions it owns to sentence and embedding."""
    item = DataSample(metainfo={'image_id': image_id, 'img_path': f'p/{image_id}.png'})
    item.image_embedding = torch.tensor(image, dtype=torch.bfloat16)
    item.text_id = list(texts)
    item.text = [sentence for sentence, _ in texts.values()]
    item.text_embedding = torch.tensor([vector for _, vector in texts.values()]).reshape(-1, 2)
    item.caption_id = caption_id
    item.captions = ['shown'] * len(caption_id)
    return item


def split():
    """Pictures 0 and 1 share caption 2, which 0 owns; picture 2 has caption 0."""
    return [
        sample(0, [1.0, 0.0], {1: ('zero', [1.0, 0.0]), 2: ('both', [0.6, 0.8])}, [1, 2, 1]),
        sample(1, [0.0, 1.0], {}, [2]),
        sample(2, [0.6, 0.8], {0: ('two', [0.8, 0.6])}, [0]),
    ]


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), epoch=3, logger=logging.getLogger('test'))


@pytest.fixture
def recorder(monkeypatch):
    made = Recorder()
    monkeypatch.setattr(VISUALIZERS, 'build', lambda cfg: made)
    return made


def run(hook, runner, *batches, stage='val'):
    getattr(hook, f'before_{stage}_epoch')(runner)
    for number, batch in enumerate(batches):
        getattr(hook, f'after_{stage}_iter')(runner, number, outputs=batch)
    getattr(hook, f'after_{stage}_epoch')(runner, {})


def build(**options):
    return HOOKS.build({'type': 'pir_mm.RankingSheetHook', **options})


def test_both_directions_are_ranked_over_the_whole_split(runner, recorder, tmp_path):
    run(build(queries=3, top_k=2), runner, split()[:2], split()[2:])
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
    run(build(queries=3, top_k=3, seed=seed), runner, split())
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
    run(hook, runner, split())
    run(hook, runner, split()[::-1])
    first, second = recorder.sections[0], recorder.sections[2]
    assert first.queries == second.queries
    np.testing.assert_array_equal(first.ranking.ids, second.ranking.ids)
    assert {tuple(path_names(run_with(runner, recorder, seed))) for seed in range(9)} > {
        ('0.png', '1.png')
    }


def run_with(runner, recorder, seed):
    run(build(queries=2, seed=seed), runner, split())
    return recorder.sections[-1]


def path_names(section):
    return [path.name for path in section.queries]


def test_processes_are_joined_and_padding_counts_once(runner, recorder, monkeypatch):
    def both(mine):
        other = build()
        other.after_val_iter(runner, 0, outputs=[split()[2], split()[0]])
        return [mine, (other._pictures, other._captions)]

    monkeypatch.setattr(module, 'all_gather_object', both)
    run(build(queries=3), runner, split()[:2])
    forward, backward = recorder.sections
    assert [path.name for path in forward.gallery] == ['0.png', '1.png', '2.png']
    assert backward.gallery == ['two', 'zero', 'both']


def test_only_the_main_process_draws(runner, recorder, monkeypatch):
    monkeypatch.setattr(module, 'is_main_process', lambda: False)
    run(build(), runner, split())
    assert not recorder.sections


def test_keeps_nothing_after_a_validation(runner, recorder):
    hook = build()
    run(hook, runner, split())
    assert not hook._pictures and not hook._captions


def test_a_test_writes_its_own_sheet(runner, recorder, tmp_path):
    run(build(), runner, split(), stage='test')
    assert recorder.path == tmp_path / 'sheets' / 'test.png'


def test_the_real_sheet_is_written(runner, tmp_path):
    run(build(queries=2), runner, split())
    assert Image.open(tmp_path / 'sheets' / 'epoch_3.png').width > 500


def test_refuses_no_queries_and_no_results():
    with pytest.raises(ValueError, match='at least 1, got 0 and 5'):
        build(queries=0)
    with pytest.raises(ValueError, match='at least 1, got 6 and 0'):
        build(top_k=0)
