"""Two models rank together, whichever of them the run is about."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from pir_mm.engine.loops import cascade as module
from pir_mm.engine.loops.cascade import Cascade
from pir_mm.engine.loops.retrieval_loop import RankingEvaluator
from pir_mm.evaluation import RetrievalEvaluator
from tests.engine.loops.cascade_models import COUNT, IMAGE, TEXT, Filter, Fusion, Other

FILES = dict(config='c.py', checkpoint='c.pth')
CAPTIONS = torch.tensor([t for i in range(COUNT) for t in (2 * i, 2 * i + 1, 2 * i)])
SPLIT = list(range(COUNT))
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def other(monkeypatch):
    """Puts a model in the place of files: ``other(model)``; it is told what it was asked for."""

    def place(model):
        stage = Other(model)
        monkeypatch.setattr(module, 'OtherStage', lambda name, files: stage)
        monkeypatch.setattr(module.OwnFilter, 'of', lambda files, fusion: None)
        return stage

    return place


def evaluate(model, metrics=(), **cascade):
    """The evaluator after one evaluation in batches of five, and its metrics."""
    made = Cascade(model, SPLIT, **cascade)
    metrics = [RetrievalEvaluator(**settings) for settings in metrics or ({},)]
    evaluator = RankingEvaluator(metrics, cascade=made)
    return evaluator, again(evaluator)


def again(evaluator):
    model = evaluator.cascade.model
    for start in range(0, COUNT, 5):
        evaluator.process(model.val_step(SPLIT[start : start + 5]))
    return evaluator.evaluate(COUNT)


def plain(**settings):
    evaluator = RankingEvaluator([RetrievalEvaluator(**settings)])
    evaluator.process(Filter().val_step(SPLIT))
    return evaluator.evaluate(COUNT)


@pytest.mark.parametrize('of_fusion', [True, False])
@pytest.mark.parametrize('k', [1, 3, 100])
def test_the_truth_comes_first_among_the_candidates(other, of_fusion, k):
    fusion = Fusion()
    stage = other(Filter() if of_fusion else fusion)
    if of_fusion:
        _, metrics = evaluate(fusion, k=k, filter=FILES)
    else:
        _, metrics = evaluate(Filter(), k=k, reranker=FILES)
    alone, reach = plain(), plain(topk=(k,))
    assert metrics['i2t/R@1'] == pytest.approx(reach[f'i2t/R@{k}'])
    assert metrics['t2i/R@1'] == pytest.approx(reach[f't2i/R@{k}'])
    assert metrics['filter/mR'] == alone['mR'] and metrics['filter/t2i/R@5'] == alone['t2i/R@5']
    assert metrics[f'filter/i2t/R@{k}'] == reach[f'i2t/R@{k}']
    assert metrics['filter_ms'] > 0 and metrics['t2i/rerank_ms'] > 0
    assert stage.splits == [SPLIT]


def test_a_pair_is_scored_once_for_both_directions_and_equal_captions(other):
    other(Filter())
    fusion = Fusion()
    evaluator, _ = evaluate(fusion, k=4, filter=FILES)
    asked = set()
    for side, gallery in zip(evaluator.cascade_ranks.filtered, ('text', 'image'), strict=True):
        for query, ids in enumerate(side.candidates.ids.tolist()):
            for item in ids:
                pair = (query, item) if gallery == 'text' else (item, query)
                asked.add((pair[0], CAPTIONS[pair[1]].item()))
    assert len(fusion.asked) == len(asked) and set(fusion.asked) == asked
    assert len(asked) < COUNT * 4 + 3 * COUNT * 4


def test_without_a_filter_every_pair_is_read():
    scores = torch.randn(COUNT, 2 * COUNT, generator=torch.Generator().manual_seed(1))
    fusion = Fusion(scores)
    evaluator, metrics = evaluate(fusion, k='all')
    assert len(fusion.asked) == COUNT * 2 * COUNT
    image = torch.zeros(COUNT, 2 * COUNT).scatter(1, CAPTIONS.view(COUNT, 3)[:, :2], 1)
    best = scores.masked_fill(image == 0, -torch.inf).amax(dim=1, keepdim=True)
    # of the captions, each first one of an image is in the gallery twice
    above = (scores > best).float() @ (torch.arange(2 * COUNT) % 2 == 0).float().add(1)
    assert metrics['i2t/R@5'] == pytest.approx(100 * (above < 5).float().mean().item())
    assert 'filter/mR' not in metrics and evaluator.cascade_ranks.is_full


def test_a_filter_changes_nothing_if_all_it_found_is_read_again(other):
    scores = torch.randn(COUNT, 2 * COUNT, generator=torch.Generator().manual_seed(1))
    _, full = evaluate(Fusion(scores), k='all')
    other(Filter())
    _, metrics = evaluate(Fusion(scores), k=1000, filter=FILES)
    recalls = [key for key in full if 'R' in key]
    assert {key: metrics[key] for key in recalls} == {key: full[key] for key in recalls}


def test_several_k_are_those_of_one_each(other):
    scores = torch.randn(COUNT, 2 * COUNT, generator=torch.Generator().manual_seed(2))
    stage = other(Filter())
    fusion = Fusion(scores)
    _, metrics = evaluate(fusion, k=[3, 1, 'all'], filter=FILES)
    assert len(fusion.asked) == COUNT * 2 * COUNT
    for k in (1, 3):
        _, alone = evaluate(Fusion(scores), k=k, filter=FILES)
        assert metrics[f'k{k}/mR'] == alone['mR'] and metrics[f'k{k}/i2t/R@5'] == alone['i2t/R@5']
    assert metrics['mR'] == evaluate(Fusion(scores), k='all')[1]['mR']
    assert f'k{3 * COUNT}/mR' not in metrics
    near = [k for k in (1, 3) if metrics[f'k{k}/mR'] >= metrics['mR'] - 1]
    assert metrics['sufficient_k'] == min([*near, 3 * COUNT])
    assert len(stage.splits) == 3


def test_a_smaller_k_suffices_if_the_filter_is_as_good(other):
    """The fusion model agrees with the filter, so one candidate is enough."""
    other(Filter())
    _, metrics = evaluate(Fusion(IMAGE @ TEXT.T), k=[1, 2, 'all'], filter=FILES)
    assert metrics['sufficient_k'] == 1 and metrics['k1/mR'] == pytest.approx(metrics['mR'])


@pytest.mark.parametrize('k', [2, 7, 'all'])
def test_the_scores_of_a_query_have_the_order_of_the_cascade(other, k):
    other(Filter())
    scores = torch.randn(COUNT, 2 * COUNT, generator=torch.Generator().manual_seed(3))
    evaluator, _ = evaluate(Fusion(scores), k=k, filter=FILES)
    images, captions = torch.tensor([5, 0]), torch.tensor([7, 7, 30])
    first = IMAGE @ TEXT[CAPTIONS].T
    for direction, queries, fast, slow in (
        ('i2t', images, first[images], scores[:, CAPTIONS][images]),
        ('t2i', captions, first.T[captions], scores[:, CAPTIONS].T[captions]),
    ):
        found = evaluator.scores(direction, queries)
        size = min(fast.size(1), 10**6 if k == 'all' else k)
        order = fast.argsort(dim=1, descending=True, stable=True)
        head = order[:, :size]
        head = head.gather(1, slow.gather(1, head).argsort(dim=1, descending=True, stable=True))
        wanted = torch.cat([head, order[:, size:]], dim=1)
        ranked = found.argsort(dim=1, descending=True, stable=True)
        # captions of the same words have the same score and may change places
        if direction == 'i2t':
            ranked, wanted = CAPTIONS[ranked], CAPTIONS[wanted]
        assert torch.equal(ranked, wanted)
        assert_close(found.gather(1, head), slow.gather(1, head))


def test_what_the_other_model_says_is_computed_once_and_that_of_the_run_anew(other):
    stage = other(Filter())
    fusion = Fusion()
    evaluator, first = evaluate(fusion, k=3, filter=FILES)
    fusion.scores = -fusion.scores
    second = again(evaluator)
    assert second['mR'] < first['mR'] and second['filter/mR'] == first['filter/mR']
    assert stage.splits == [SPLIT]
    stage = other(Fusion())
    evaluator, first = evaluate(Filter(), k=3, reranker=FILES)
    assert again(evaluator)['mR'] == first['mR'] and stage.splits == [SPLIT]


def test_a_single_picture_with_a_single_caption(other):
    other(Filter())
    made = Cascade(Fusion(), SPLIT[:1], k=128, filter=FILES)
    evaluator = RankingEvaluator([RetrievalEvaluator()], cascade=made)
    evaluator.process(Fusion().val_step(SPLIT[:1]))
    assert evaluator.evaluate(1)['mR'] == 100


@pytest.mark.parametrize(
    ('model', 'settings', 'message'),
    [
        (
            Fusion,
            dict(k=0, filter=FILES),
            "whole number of at least 1, or 'all', or several, got 0",
        ),
        (Fusion, dict(k=[], filter=FILES), r'or several, got \[\]'),
        (Fusion, dict(k=[3, 1.5], filter=FILES), r'or several, got \[3, 1.5\]'),
        (Fusion, dict(k=3), "without a filter every pair is read: set cascade.k='all', or give"),
        (Fusion, dict(reranker=FILES), 'model of this run re-ranks by itself: leave cascade.rer'),
        (Filter, dict(), 'is the filter of its cascade: give cascade.reranker'),
        (Filter, dict(filter=FILES, reranker=FILES), 'and no cascade.filter'),
    ],
)
def test_says_what_does_not_fit(model, settings, message):
    with pytest.raises(ValueError, match=message):
        Cascade(model(), SPLIT, **settings)


def test_says_which_stage_is_of_the_wrong_kind(other):
    other(Fusion()).name = 'filter'
    with pytest.raises(ValueError, match='cascade.filter is a Fusion: wanted a filter, such as'):
        evaluate(Fusion(), k=3, filter=FILES)
    other(Filter()).name = 'reranker'
    with pytest.raises(ValueError, match='cascade.reranker is a Filter: wanted a fusion model'):
        evaluate(Filter(), k=3, reranker=FILES)


def test_a_score_that_is_no_number_is_told(other):
    other(Filter())
    with pytest.raises(ValueError, match='a scorer gave a score that is not finite'):
        evaluate(Fusion(torch.full((COUNT, 2 * COUNT), torch.nan)), k=3, filter=FILES)


def test_stages_that_read_other_captions_are_refused(other, monkeypatch):
    filter = Filter()
    other(filter)
    samples = filter.val_step(SPLIT)
    samples[0].set_metainfo(dict(caption_id=[0, 1]))
    monkeypatch.setattr(filter, 'val_step', lambda batch: samples)
    with pytest.raises(ValueError, match='did not read the same captions'):
        evaluate(Fusion(), k=3, filter=FILES)


def test_two_processes_give_the_ranked_lists_of_one(tmp_path, monkeypatch):
    """Of eleven pictures, so that a sampler repeats one; an error of one process stops both."""
    script = Path(__file__).with_name('cascade_on_processes.py')
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'CUDA_VISIBLE_DEVICES': '-1'}
    ranks = [
        subprocess.Popen([sys.executable, script, tmp_path, str(rank)], env=environment)
        for rank in range(2)
    ]
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(module, 'OtherStage', module.OtherStage)  # which the script replaces
    monkeypatch.setattr(module.OwnFilter, 'of', module.OwnFilter.of)
    alone = runpy.run_path(str(script))['answers']()
    assert [rank.wait(timeout=150) for rank in ranks] == [0, 0]
    first, second = (json.loads((tmp_path / f'{rank}.json').read_text()) for rank in range(2))
    for k in ('3', 'all'):
        assert first[k]['lists'] == alone[k]['lists']
        assert first[k]['recalls'] == second[k]['recalls'] == alone[k]['recalls']
        assert max(first[k]['pairs'], second[k]['pairs']) < alone[k]['pairs']
    assert first['error'] == second['error'] == alone['error']
    assert 'not finite' in alone['error']
