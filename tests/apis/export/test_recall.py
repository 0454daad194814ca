"""Recall is told of both models, each of its own vectors."""

from types import SimpleNamespace

import torch

from pir_mm.apis.export import recall
from tests.apis.split_of_colours import split_of_colours


def test_recall_of_both_is_told(colour_model, wide_model, pictures, monkeypatch):
    wide_model.exported = SimpleNamespace(card=SimpleNamespace(arithmetic='int8'))
    with torch.no_grad():
        wide_model.mix[:] = wide_model.mix.roll(1, dims=0)  # another order of colours for both
    asked = []

    def embed_split(model, split):
        asked.append((model, split))
        return split_of_colours(model, pictures)

    monkeypatch.setattr(recall, 'embed_split', embed_split)
    monkeypatch.setattr(recall, 'ExportedDualEncoder', lambda export: wide_model)
    found = recall.compare_recall(colour_model, 'export', 'test')
    assert asked == [(colour_model, 'test'), (wide_model, 'test')]
    assert list(found) == ['torch', 'int8']
    assert found['torch']['i2t/R@1'] == found['int8']['i2t/R@1'] > 0
    assert wide_model.cfg is colour_model.cfg
