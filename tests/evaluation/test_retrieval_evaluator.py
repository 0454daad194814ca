"""The evaluator in mmengine's own loop, whatever the order, the padding and the processes."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS
from mmengine.structures import BaseDataElement

from pir_mm.functional.recall import ranks_from_embeddings, retrieval_recall
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet

ROOT = Path(__file__).resolve().parents[2]
# Captions of four pictures by text: picture 1 repeats one of its own, pictures 0 and 3 share one,
# which was encoded with picture 0 only.
CAPTIONS = [[0, 1], [2, 3, 2], [4], [0, 5]]
OWNED = [[0, 1], [2, 3], [4], [5]]


def samples(seed=0, width=8):
    generator = torch.Generator().manual_seed(seed)
    text = torch.randn(6, width, generator=generator)
    return [
        {
            'image_id': i,
            'scene': [1, 0, 1, -1][i],
            'image_embedding': torch.randn(width, generator=generator),
            'text_id': OWNED[i],
            'text_embedding': text[OWNED[i]],
            'caption_id': CAPTIONS[i],
        }
        for i in range(4)
    ]


def reference(given, **kwargs):
    text = {t: e for s in given for t, e in zip(s['text_id'], s['text_embedding'], strict=True)}
    image = torch.stack([s['image_embedding'] for s in given])
    captions = torch.stack([text[t] for s in given for t in s['caption_id']])
    owner = [i for i, s in enumerate(given) for _ in s['caption_id']]
    return retrieval_recall((image.double() @ captions.double().T), owner, **kwargs)


def evaluate(given, size=4, **kwargs):
    metric = METRICS.build({'type': 'pir_mm.RetrievalEvaluator', **kwargs})
    metric.dataset_meta = {'scenes': ['beach', 'port']}
    for start in range(0, len(given), 3):
        metric.process(None, given[start : start + 3])
    return metric.evaluate(size)


def test_agrees_with_the_matrix_of_all_captions():
    metrics = evaluate(samples())
    expected = reference(samples())
    assert {key: metrics[key] for key in expected} == pytest.approx(expected)
    assert set(metrics) == set(expected) | {'i2t/medR', 't2i/medR'}
    assert all(type(value) is float for value in metrics.values())


def test_ranks_worked_out_by_hand():
    """One axis: the embedding is the score, text t ranks image 3 > 2 > 1 > 0."""
    given = samples(width=1)
    for i, sample in enumerate(given):
        sample['image_embedding'] = torch.tensor([1.0 + i])
        sample['text_embedding'] = torch.tensor([[1.0 + t] for t in sample['text_id']])
    metrics = evaluate(given, topk=(1, 2))
    # Every picture ranks the texts 5 | 4 | 3 | 2 2 | 1 | 0 0: first own one at 7 - 1/2 places etc.
    assert metrics['i2t/R@1'] == 25  # only picture 3 owns text 5
    assert metrics['i2t/R@2'] == 50  # picture 2 owns text 4
    assert metrics['i2t/medR'] == 2.5  # ranks 6, 3, 2, 1
    assert metrics['t2i/R@1'] == 25  # captions 0 and 5 of picture 3, of eight
    assert metrics['t2i/medR'] == 3  # 4 4 3 3 3 2 1 1


@pytest.mark.parametrize('ties', ['optimistic', 'official'])
def test_order_repeats_and_type_of_samples_do_not_matter(ties):
    given = samples()
    expected = evaluate(given, ties=ties)
    shuffled = [given[i] for i in (3, 1, 0, 2, 0, 3)]
    assert evaluate(shuffled, ties=ties) == expected
    elements = []
    for sample in given:
        element = BaseDataElement(metainfo={'image_id': sample['image_id']})
        element.set_data({key: sample[key] for key in sample if key != 'image_id'})
        elements.append(element)
    assert evaluate(elements, ties=ties) == expected
    halves = [s | {'image_embedding': s['image_embedding'].bfloat16()} for s in given]
    wholes = [s | {'image_embedding': s['image_embedding'].float().numpy()} for s in halves]
    assert evaluate(halves) == evaluate(wholes)


def test_a_text_may_be_encoded_with_any_picture():
    given = samples()
    moved = given[0]['text_embedding'], given[0]['text_id']
    given[0] |= {'text_embedding': torch.zeros(0, 8), 'text_id': []}
    given[2] |= {
        'text_embedding': torch.cat([given[2]['text_embedding'], moved[0]]),
        'text_id': given[2]['text_id'] + moved[1],
    }
    assert evaluate(given) == evaluate(samples())


def test_a_constant_model_scores_chance():
    given = [
        s | {'image_embedding': torch.ones(8), 'text_embedding': torch.ones(len(s['text_id']), 8)}
        for s in samples()
    ]
    metrics = evaluate(given, topk=(1,))
    assert metrics['t2i/R@1'] == pytest.approx(25)
    assert metrics['i2t/R@1'] == pytest.approx(100 * (2 + 3 + 1 + 2) / 8 / 4)


def test_by_scene_reports_the_queries_of_each_scene(monkeypatch):
    said = []
    where = 'pir_mm.evaluation.retrieval_evaluator.print_log'
    monkeypatch.setattr(where, lambda text, logger: said.extend(text.splitlines()))
    given = samples()
    metrics = evaluate(given, by_scene=True, topk=(1, 3), ties='optimistic')
    assert evaluate(given, topk=(1, 3), ties='optimistic').items() <= metrics.items()
    text = {t: e for s in given for t, e in zip(s['text_id'], s['text_embedding'], strict=True)}
    captions = [(i, text[t]) for i, s in enumerate(given) for t in s['caption_id']]
    scores = np.array([[float(s['image_embedding'] @ e) for _, e in captions] for s in given])
    owner = np.array([i for i, _ in captions])
    for name, label in (('beach', 0), ('port', 1), ('unlabelled', -1)):
        pictures = [i for i, s in enumerate(given) if s['scene'] == label]
        best = [scores[i][owner == i].max() for i in pictures]
        i2t = [np.sum(scores[i] > b) for i, b in zip(pictures, best, strict=True)]
        t2i = [
            np.sum(scores[:, m] > scores[owner[m], m])
            for m in range(len(owner))
            if owner[m] in pictures
        ]
        recall = [100 * np.mean(np.array(r) < k) for r in (i2t, t2i) for k in (1, 3)]
        assert metrics[f'scene/{name}/mR'] == pytest.approx(np.mean(recall))
    assert ['port', '2'] in [line.split()[:2] for line in said]
    assert any(line.startswith('Equal scores: mR is') for line in said)


def test_a_prefix_goes_before_every_key():
    assert all(key.startswith('val/') for key in evaluate(samples(), prefix='val'))


def broken(index, **fields):
    given = samples()
    given[index] = given[index] | fields
    return given


@pytest.mark.parametrize(
    'given, size, reason',
    [
        (samples()[1:], 4, '3 images, told apart by image_id, came from a dataset of 4'),
        (samples()[1:], 3, '1 distinct captions were never encoded, first text_id 0'),
        ([], 0, 'set is empty'),
        (broken(2, caption_id=[]), 4, '1 of 4 images have no caption, first image_id 2'),
        (broken(1, image_embedding=torch.full((8,), torch.nan)), 4, 'not finite'),
        (broken(1, text_embedding=torch.full((2, 8), torch.inf)), 4, 'not finite'),
        (broken(1, text_id=[2]), 4, 'image 1 has 1 text ids but 2 text embeddings'),
    ],
)
def test_refuses_what_is_not_a_whole_set(given, size, reason):
    with pytest.raises(ValueError, match=reason):
        evaluate(given, size)


def test_says_at_once_which_argument_is_wrong():
    for kwargs, reason in (({'ties': 'best'}, "ties='best' is not one"), ({'topk': [0]}, 'topk=')):
        with pytest.raises(ValueError, match=reason):
            METRICS.build({'type': 'pir_mm.RetrievalEvaluator', **kwargs})


def test_starts_anew_after_each_evaluation():
    metric = METRICS.build({'type': 'pir_mm.RetrievalEvaluator'})
    evaluator = Evaluator(metric)
    for seed in (0, 1):
        evaluator.process([BaseDataElement(metainfo=sample) for sample in samples(seed)], None)
        metrics = evaluator.evaluate(4)
        assert metrics['mR'] == pytest.approx(reference(samples(seed))['mR'])
    with pytest.raises(ValueError, match='set is empty'):
        evaluator.evaluate(0)


def test_any_number_of_processes_gives_the_same_numbers(tmp_path):
    script = Path(__file__).with_name('evaluate_on_processes.py')
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    environment |= {'CUDA_VISIBLE_DEVICES': '-1'}
    ranks = [
        subprocess.Popen(
            [sys.executable, str(script), str(tmp_path), str(rank)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for rank in range(4)
    ]
    one_process = runpy.run_path(str(script))['answer']()
    assert [rank.wait(timeout=300) for rank in ranks] == [0] * 4
    assert len(one_process['metrics']) == 6  # three sizes, two samplers
    assert 'not finite' in one_process['error']
    answers = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob('*.json')}
    assert sorted(answers) == ['2-0', '2-1', '4-0', '4-1', '4-2', '4-3']
    assert all(answer == one_process for answer in answers.values())


def test_the_tiles_are_as_small_as_the_config_says(monkeypatch):
    seen = []

    def ranks(image, text, image_of_text, chunk=None):
        seen.append(chunk)
        return ranks_from_embeddings(image, text, image_of_text, chunk)

    monkeypatch.setattr('pir_mm.evaluation.retrieval_evaluator.ranks_from_embeddings', ranks)
    embedded = EmbeddedSet(torch.eye(3), torch.zeros(3).long(), torch.eye(3), torch.arange(3))
    metric = METRICS.build({'type': 'pir_mm.RetrievalEvaluator', 'chunk': 7})
    assert metric._metrics_of_set(embedded)['mR'] == 100
    assert seen == [7]


def test_says_what_a_small_set_is_worth(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'pir_mm.evaluation.retrieval_evaluator.print_log', lambda line, **_: lines.append(line)
    )
    evaluator = METRICS.build(dict(type='pir_mm.RetrievalEvaluator', topk=(1,)))
    mean = evaluator.compute_metrics([EmbeddedSample.of(s) for s in samples()])['mR']
    (line,) = [line for line in lines if 'chance' in line]
    found = re.fullmatch(
        r'mR (\S+) of 4 pictures and 8 captions: with other pictures it would be from (\S+) to '
        r'(\S+) in 95 of 100 cases; chance gives (\S+)', line
    )  # fmt: skip
    value, low, high, chance = map(float, found.groups())
    assert value == pytest.approx(mean, abs=0.01) and 0 <= low < value < high <= 100
    # of 8 captions 2, 3, 1 and 2 are right for each picture; of 4 pictures 1 for each caption
    assert chance == pytest.approx(100 * ((2 + 3 + 1 + 2) / 8 / 4 + 1 / 4) / 2)
