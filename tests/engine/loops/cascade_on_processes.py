"""Rank eleven pictures by a cascade on two processes, and write the ranked lists."""

import json
import sys
from pathlib import Path

import torch
from cascade_models import COUNT, Filter, Fusion, Other
from mmengine.dataset import DefaultSampler
from torch import distributed

from pir_mm.engine.loops import cascade as module
from pir_mm.engine.loops.cascade import Cascade
from pir_mm.engine.loops.retrieval_loop import RankingEvaluator
from pir_mm.evaluation import RetrievalEvaluator

PICTURES = 11
FILES = dict(config='c.py', checkpoint='c.pth')


class Share(Other):
    """Reads what a sampler gives this process, which repeats some."""

    def samples(self, dataset, workers):
        return self.model.val_step(list(DefaultSampler(dataset, shuffle=False)))


def answer(k):
    split = list(range(PICTURES))
    scores = torch.randn(COUNT, 2 * COUNT, generator=torch.Generator().manual_seed(5))
    module.OtherStage = lambda name, files: Share(Filter())
    module.OwnFilter.of = lambda files, fusion: None
    fusion = Fusion(scores)
    cascade = Cascade(fusion, split, k=k, filter=FILES)
    evaluator = RankingEvaluator([RetrievalEvaluator()], cascade=cascade)
    evaluator.process(fusion.val_step(list(DefaultSampler(split, shuffle=False))))
    metrics = evaluator.evaluate(PICTURES)
    found, lists = evaluator.cascade_ranks, None
    if found is not None:
        lists = [
            side.candidates.ids.gather(1, own.argsort(dim=1, descending=True)).tolist()
            for side, own in zip(found.filtered, found.rescored, strict=True)
        ]
    recalls = {key: value for key, value in metrics.items() if not key.endswith('_ms')}
    return {'recalls': recalls, 'lists': lists, 'pairs': len(fusion.asked)}


def broken():
    """A score that is no number on the last process alone."""
    split = list(range(PICTURES))
    scores = torch.zeros(COUNT, 2 * COUNT)
    scores[PICTURES - 1] = torch.nan
    module.OtherStage = lambda name, files: Share(Filter())
    module.OwnFilter.of = lambda files, fusion: None
    fusion = Fusion(scores)
    evaluator = RankingEvaluator(
        [RetrievalEvaluator()], cascade=Cascade(fusion, split, k=3, filter=FILES)
    )
    evaluator.process(fusion.val_step(list(DefaultSampler(split, shuffle=False))))
    try:
        evaluator.evaluate(PICTURES)
    except ValueError as error:
        return str(error)


def answers():
    return {'3': answer(3), 'all': answer('all'), 'error': broken()}


def main(folder, rank):
    distributed.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    Path(folder, f'{rank}.json').write_text(json.dumps(answers()))
    distributed.destroy_process_group()


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
