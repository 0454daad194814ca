"""The map of a split: pictures with a scene, captions once each, the worst pairs told."""

import pytest
import torch
from PIL import Image

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.evaluation import EmbeddedSet

pytest.importorskip('sklearn', reason='scikit-learn is absent: pip install ".[vis]"')

from pir_mm.apis.drawing.embeddings import draw_embeddings

NAMES = ['airport', 'beach', 'church']


def split_of(scene, per_picture=2):
    """Scenes 0 and 1 lie on each other, scene 2 far off; caption 0 and 1 are of equal words."""
    random = torch.Generator().manual_seed(0)
    scene = torch.tensor(scene)
    image = torch.randn(len(scene), 3, generator=random) * 0.1
    image[:, 0] += scene == 2
    image[:, 1] += scene != 2
    owner = torch.arange(len(scene)).repeat_interleave(per_picture)
    text_id = torch.arange(len(owner)).clamp(min=1) - 1
    embedded = EmbeddedSet(image, scene, image[owner] + 0.01, owner)
    paths = [f'{i}.jpg' for i in range(len(scene))]
    return EmbeddedSplit(embedded, text_id, paths, ['a'] * len(owner), NAMES)


@pytest.fixture
def drawn(monkeypatch):
    """What is handed to the drawing."""
    seen = []
    from pir_mm.apis.drawing import embeddings

    draw = embeddings.draw_embedding_map
    note = lambda *parts: seen.append(parts) or draw(*parts)  # noqa: E731
    monkeypatch.setattr(embeddings, 'draw_embedding_map', note)
    return seen


def test_the_mixed_scenes_are_told(tmp_path, drawn):
    pairs = draw_embeddings(split_of([0, 1] * 8 + [2] * 8), tmp_path / 't.png', neighbours=5)
    assert [(a, b) for a, b, _ in pairs][:1] == [('airport', 'beach')]
    assert all('church' not in pair for pair in pairs)
    ((points, scene, names, confusion, texts, text_scene),) = drawn
    assert points.shape == (24, 2) and texts is None and text_scene is None
    assert confusion.neighbours == 5
    assert (confusion.foreign[scene == 2] == 0).all()
    assert ((confusion.weights[0] > 0) <= (scene != 2)).all() and confusion.weights[0].any()
    assert Image.open(tmp_path / 't.png').width == 2160


def test_pictures_without_scene_are_left_out_and_captions_come_once(tmp_path, drawn):
    draw_embeddings(split_of([0, 1, -1, 2, 0, 1]), tmp_path / 't.png', texts=True)
    ((points, scene, _, confusion, text_points, text_scene),) = drawn
    assert scene.tolist() == [0, 1, 2, 0, 1] and points.shape == (5, 2)
    assert confusion.neighbours == 4
    # 12 captions, of which 2 are equal and 2 belong to the picture without scene
    assert text_points.shape == (9, 2)
    assert text_scene.tolist() == [0, 1, 1, 2, 2, 0, 0, 1, 1]


def test_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match='at least four pictures with a scene, got 1'):
        draw_embeddings(split_of([-1, -1, 0]), tmp_path / 't.png')
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        draw_embeddings(split_of([0, 1, 2, 0]), tmp_path / 't.png', neighbours=0)
    with pytest.raises(ValueError, match='must end in'):
        draw_embeddings(split_of([0, 1, 2, 0]), tmp_path / 't.svg')
