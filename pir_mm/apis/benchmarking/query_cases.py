"""A text query: of a fresh process, and on an index that is open."""

import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pir_mm.apis.benchmarking.contest import Contest, UnableError
from pir_mm.apis.data import make_scenes
from pir_mm.apis.export import export_onnx
from pir_mm.apis.search import embed_images, embed_texts, index_pictures, open_index, rank_queries
from pir_mm.apis.training.quickstart import write_flat_config
from pir_mm.apis.weights import load_retriever
from pir_mm.apis.weights.model_hub import model_index_file

QUERY = 'white planes beside a terminal'
PLAIN = """import sys

import numpy as np

from pir_mm.apis import embed_texts, load_retriever

model = load_retriever('config.py', 'model.pth')
names = open('names.txt', encoding='utf-8').read().splitlines()
scores = np.load('vectors.npy') @ embed_texts(model, sys.argv[1:])[0]
print(*[names[row] for row in (-scores).argsort(kind='stable')[:5]])
"""
SEARCH = [str(model_index_file().parent / 'tools' / 'search.py'), 'index', QUERY, '--top-k', '5']


def cold_start() -> Contest:
    """The first text query of a fresh process, on an index of 64 generated scenes."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    make_index(Path(folder.name))
    Path(folder.name, 'plain.py').write_text(PLAIN, encoding='utf-8')
    return Contest(
        lambda: _first_five(folder, SEARCH),
        lambda: _first_five(folder, ['plain.py', QUERY]),
        _equal_five,
        'a script that loads the model, embeds and multiplies',
        'the same pictures in the same order',
    )


def cold_start_export() -> Contest:
    """The same by an exported model, against the model that was exported."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    model = make_index(Path(folder.name))
    try:
        export_onnx(model, Path(folder.name, 'export'))
    except ModuleNotFoundError as error:
        raise UnableError(str(error)) from None
    return Contest(
        lambda: _first_five(folder, [*SEARCH, '--model', 'export']),
        lambda: _first_five(folder, SEARCH),
        _equal_five,
        'the model itself, by torch',
        'the same pictures in the same order',
    )


def _first_five(folder: tempfile.TemporaryDirectory, command: list[str]) -> list[str]:
    """Names of the pictures that a new process prints."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder.name, capture_output=True, text=True, check=True
    )
    return [Path(word).name for word in done.stdout.split() if word.endswith('.png')]


def _equal_five(ours: list[str], other: list[str]) -> bool:
    return ours == other and len(ours) == 5


def warm_query() -> Contest:
    """A text query on an index of 64 generated scenes that is open, its model loaded."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    place = Path(folder.name)
    model = make_index(place)
    weakref.finalize(model, folder.cleanup)
    index = open_index(place / 'index')
    vectors = index.exact.vectors(index.ids)

    def plain() -> NDArray[np.int64]:
        return np.argsort(-(vectors @ embed_texts(model, [QUERY])[0]), kind='stable')[:5]

    return Contest(
        lambda: rank_queries(index, model, [QUERY], 5).ids[0],
        plain,
        lambda ours, other: ours.tolist() == other.tolist(),
        'embedding, a product and a sort', 'the same pictures in the same order',
    )  # fmt: skip


def make_index(place: Path) -> nn.Module:
    """An index of 64 generated scenes, its model, their vectors and their names, in a folder."""
    model = make_model(place)
    pictures = sorted((place / 'scenes' / 'images').iterdir())
    index_pictures(pictures, model, place / 'index', place / 'model.pth')
    np.save(place / 'vectors.npy', embed_images(model, pictures))
    (place / 'names.txt').write_text('\n'.join(map(str, pictures)), encoding='utf-8')
    return model


def make_model(place: Path, options: Sequence[str] = ()) -> nn.Module:
    """A small model without training, and 64 generated scenes, in a folder."""
    make_scenes(place / 'scenes', n_images=64, log=lambda line: None)
    demo = model_index_file().parent / 'configs' / 'demo' / 'pir_itr_scenes.py'
    vocabulary = place / 'scenes' / 'vocab.txt'
    pieces = len(vocabulary.read_text(encoding='utf-8').splitlines())
    options = [f'model.text_encoder.vocab_size={pieces}', *options]
    write_flat_config(demo, vocabulary, place / 'config.py', options)
    model = load_retriever(place / 'config.py')
    torch.save({'state_dict': model.state_dict()}, place / 'model.pth')
    return load_retriever(place / 'config.py', place / 'model.pth')
