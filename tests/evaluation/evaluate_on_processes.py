"""Evaluate fixed embeddings in mmengine's loop, on 4 and on 2 processes, and write the answers."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from mmengine.runner import TestLoop
from mmengine.structures import BaseDataElement
from torch import distributed
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    """Ids of pictures; one sixth of the texts is shared with the next picture but one."""

    metainfo = {'scenes': ['beach', 'port']}

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index


class Lookup:
    """Embeddings that were drawn beforehand, copies among them."""

    def __init__(self, count):
        generator = torch.Generator().manual_seed(count)
        self.count = count
        self.image = torch.randn(count, 16, generator=generator)
        self.text = torch.randn(3 * count, 16, generator=generator) + self.image.repeat(3, 1)
        self.image[1] = self.image[0]

    def eval(self):
        return self

    def test_step(self, batch):
        return [self.sample(index) for index in batch]

    def sample(self, i):
        own = list(range(i, 3 * self.count, self.count))[: 1 + i % 3]
        return BaseDataElement(
            metainfo={'image_id': i, 'scene': i % 2},
            text_id=own,
            caption_id=[*own, (i + 2) % self.count, own[0]],
            image_embedding=self.image[i],
            text_embedding=self.text[own],
        )


class InOneBlock(DefaultSampler):
    """Each rank takes neighbours, and the last is padded with the first of the set."""

    def __iter__(self):
        padded = [i % len(self.dataset) for i in range(self.total_size)]
        start = self.rank * self.num_samples
        return iter(padded[start : start + self.num_samples])


def evaluate(count, sampler, model):
    dataset = Pictures(count)
    loader = DataLoader(
        dataset, batch_size=2, sampler=sampler(dataset, shuffle=False), collate_fn=pseudo_collate
    )
    runner = SimpleNamespace(
        model=model, call_hook=lambda *_, **__: None, visualizer=SimpleNamespace()
    )
    metric = METRICS.build({'type': 'pir_mm.RetrievalEvaluator', 'by_scene': True, 'chunk': 4})
    return TestLoop(runner, loader, Evaluator(metric)).run()


def answer():
    """Metrics of several sizes under two samplers, and the error of a broken model."""
    metrics = {
        f'{sampler.__name__} {count}': evaluate(count, sampler, Lookup(count))
        for sampler in (DefaultSampler, InOneBlock)
        for count in (5, 10, 11)
    }
    broken = Lookup(5)
    broken.image[3, 3] = torch.nan
    try:
        evaluate(5, DefaultSampler, broken)
    except ValueError as error:
        return {'metrics': metrics, 'error': str(error)}


def main(folder, rank):
    for world_size in (4, 2):
        if rank < world_size:
            store = f'file://{folder}/store{world_size}'
            distributed.init_process_group('gloo', store, rank=rank, world_size=world_size)
            Path(folder, f'{world_size}-{rank}.json').write_text(json.dumps(answer()))
            distributed.destroy_process_group()


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
