"""The embedded split against the evaluator, on generated scenes."""

import pytest
import torch

from pir_mm.apis import load_retriever
from pir_mm.apis.search.embedded_split import embed_split
from pir_mm.apis.training.running import build_runner
from pir_mm.functional.recall import recall_from_embeddings


@pytest.fixture
def model(tiny_demo, tmp_path):
    torch.manual_seed(0)
    tiny_demo.dump(tmp_path / 'config.py')
    return load_retriever(tmp_path / 'config.py')


def test_has_the_recalls_of_the_evaluator(model, tiny_demo, tmp_path):
    split = embed_split(model, batch_size=3)
    whole = split.embedded
    runner = build_runner(tiny_demo)
    runner.model.load_state_dict(model.state_dict())
    expected = runner.test()
    recall = recall_from_embeddings(whole.image, whole.text, whole.image_of_text)
    assert {key: expected[key] for key in recall} == pytest.approx(recall, abs=1e-9)


def test_says_what_is_known_of_the_split(model):
    split = embed_split(model)
    whole = split.embedded
    assert len(split.paths) == len(whole.image) == len(whole.scene)
    assert len(split.captions) == len(whole.text) == len(whole.image_of_text) == len(split.text_id)
    by_words = {}
    for words, number in zip(split.captions, split.text_id.tolist(), strict=True):
        assert by_words.setdefault(words, number) == number
    assert len(set(by_words.values())) == len(by_words)
    for path, scene in zip(split.paths, whole.scene.tolist(), strict=True):
        assert split.scenes[scene] in path
    assert embed_split(model, 'val').paths != split.paths


def test_refuses_other_splits(model):
    with pytest.raises(ValueError, match="one of val, test, got 'train'"):
        embed_split(model, 'train')
    model.cfg.test_dataloader = None
    with pytest.raises(ValueError, match='has no test_dataloader'):
        embed_split(model)
