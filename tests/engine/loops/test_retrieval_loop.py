"""The loop embeds, may re-rank, and gives what the metric gives in a loop of mmengine."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.registry import LOOPS, METRICS
from mmengine.runner import ValLoop
from mmengine.structures import BaseDataElement
from torch.utils.data import DataLoader

COUNT = 12
GENERATOR = torch.Generator().manual_seed(0)
IMAGE, TEXT = (torch.randn(n, 8, generator=GENERATOR) for n in (COUNT, 2 * COUNT))


class Dataset(list):
    metainfo = {'scenes': ['beach', 'port']}


class Model:
    """Looks its embeddings up."""

    def eval(self):
        self.training = False

    def val_step(self, batch):
        return [
            BaseDataElement(
                metainfo=dict(
                    image_id=i, scene=i % 2, text_id=[2 * i, 2 * i + 1],
                    caption_id=[2 * i, 2 * i + 1, 2 * i],
                ),
                image_embedding=IMAGE[i],
                text_embedding=TEXT[2 * i : 2 * i + 2],
            )
            for i in batch
        ]  # fmt: skip

    test_step = val_step


@pytest.fixture
def runner():
    calls = []

    def call_hook(name, **kwargs):
        calls.append(name)

    return SimpleNamespace(
        model=Model(), calls=calls, call_hook=call_hook, visualizer=SimpleNamespace(),
        logger=logging.getLogger('test'),
    )  # fmt: skip


RECALL = {'type': 'pir_mm.RetrievalEvaluator'}


def build(runner, name='RetrievalValLoop', metrics=(RECALL,), **more):
    loader = DataLoader(Dataset(range(COUNT)), batch_size=5, collate_fn=pseudo_collate)
    evaluator = Evaluator([METRICS.build(dict(metric)) for metric in metrics])
    kind = ValLoop if name == 'ValLoop' else LOOPS.get(f'pir_mm.{name}')
    return kind(runner, loader, evaluator, **more)


@pytest.mark.parametrize('name', ['RetrievalValLoop', 'RetrievalTestLoop'])
def test_gives_the_metrics_of_mmengines_own_loop(runner, name):
    metric = {**RECALL, 'by_scene': True, 'prefix': 'p'}
    expected = build(runner, 'ValLoop', [metric]).run()
    hooks = [call.replace('val', 'test') if 'Test' in name else call for call in runner.calls]
    runner.calls.clear()
    loop = build(runner, name, [metric])
    assert loop.run() == expected
    assert {'p/mR', 'p/scene/beach/mR'} <= set(expected)
    assert runner.calls == hooks


def test_keeps_the_embeddings_for_hooks_once(runner):
    loop = build(runner)
    assert loop.embedded is None
    loop.run()
    torch.testing.assert_close(loop.embedded.image, IMAGE)
    assert len(loop.embedded.text) == 3 * COUNT
    first = loop.embedded
    loop.run()
    assert loop.embedded is not first
    torch.testing.assert_close(loop.embedded.image, IMAGE)


def test_several_metrics_are_asked_and_reported_together(runner):
    metrics = [
        {'type': 'pir_mm.RetrievalEvaluator', 'topk': (k,), 'prefix': str(k)} for k in (1, 7)
    ]
    result = build(runner, metrics=metrics).run()
    assert {'1/i2t/R@1', '7/t2i/R@7'} <= set(result)


def test_a_model_may_compare_its_rows_in_another_way(runner):
    plain = build(runner).run()
    runner.model.compare = lambda image, text: -(image @ text.T)
    loop = build(runner)
    assert loop.run()['mR'] != plain['mR']
    rows = torch.tensor([3, 1])
    torch.testing.assert_close(loop.scores('i2t', rows), -(IMAGE @ loop.embedded.text.T)[rows])
    torch.testing.assert_close(loop.scores('t2i', rows), -(loop.embedded.text @ IMAGE.T)[rows])


class NoRanks(BaseMetric):
    def process(self, data_batch, data_samples):
        pass

    def compute_metrics(self, results):
        return {}


def test_says_what_does_not_fit(runner):
    METRICS.register_module(name='pir_mm_no_ranks', module=NoRanks, force=True)
    with pytest.raises(ValueError, match='NoRanks does not take ranks: use type='):
        build(runner, metrics=[{'type': 'pir_mm_no_ranks'}])


def test_an_evaluation_knows_nothing_of_the_one_before(runner):
    loop = build(runner)
    evaluator = loop.evaluator
    for batch in (range(3), range(5, 9)):
        evaluator.process(runner.model.val_step(batch))
        evaluator.evaluate(len(batch))
        assert len(loop.embedded.image) == len(batch)
