"""Recall from embeddings, and the first answer of a search."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pir_mm.apis.benchmarking.alternatives import ranks_by_sorting
from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.apis.data import make_scenes
from pir_mm.apis.search import embed_images, index_pictures
from pir_mm.apis.training.quickstart import write_flat_config
from pir_mm.apis.weights import load_retriever
from pir_mm.apis.weights.model_hub import model_index_file
from pir_mm.functional.recall import ranks_from_embeddings

WIDTH, TEXTS = 512, 5
QUERY = 'white planes beside a terminal'
PLAIN = """import sys

import numpy as np

from pir_mm.apis import embed_texts, load_retriever

model = load_retriever('config.py', 'model.pth')
names = open('names.txt', encoding='utf-8').read().splitlines()
scores = np.load('vectors.npy') @ embed_texts(model, sys.argv[1:])[0]
print(*[names[row] for row in (-scores).argsort(kind='stable')[:5]])
"""


def recall(images: int, share: float = 1.0) -> Contest:
    """Ranks of all queries of both directions, five texts an image.

    Args:
        images: number of images.
        share: of the queries that the alternative ranks; its time is scaled up.
    """
    random = torch.Generator().manual_seed(0)
    image = torch.nn.functional.normalize(torch.randn(images, WIDTH, generator=random), dim=1)
    owner = torch.arange(images).repeat_interleave(TEXTS)
    noise = torch.randn(images * TEXTS, WIDTH, generator=random)
    text = torch.nn.functional.normalize(image[owner] + 0.3 * noise, dim=1)
    of_images = range(0, images, round(1 / share))
    of_texts = range(0, images * TEXTS, round(1 / share))

    def equal(ours: tuple, alternative: tuple[Tensor, Tensor]) -> bool:
        ours = [ranks.negatives_before('pessimistic') for ranks in ours]
        pairs = zip(ours, (list(of_images), list(of_texts)), alternative, strict=True)
        return all((own[rows] - other).abs().max() <= 1 for own, rows, other in pairs)

    return Contest(
        lambda: ranks_from_embeddings(image, text, owner),
        lambda: ranks_by_sorting(image, text, owner, of_images, of_texts),
        equal,
        'a stable sort for each query'
        + ('' if share == 1 else f', of every {round(1 / share)}th, scaled up'),
        'ranks within 1, where sums in another order may swap two scores',
        len(of_images) / images,
    )


def cold_start() -> Contest:
    """The first text query of a fresh process, on an index of 64 generated scenes."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    place = Path(folder.name)
    make_index(place)
    (place / 'plain.py').write_text(PLAIN, encoding='utf-8')
    tool = str(model_index_file().parent / 'tools' / 'search.py')

    def run(*command: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, *command], cwd=folder.name, capture_output=True, text=True, check=True
        )
        return [Path(word).name for word in done.stdout.split() if word.endswith('.png')]

    return Contest(
        lambda: run(tool, 'index', QUERY, '--top-k', '5'),
        lambda: run('plain.py', QUERY),
        lambda ours, alternative: ours == alternative and len(ours) == 5,
        'a script that loads the model, embeds and multiplies',
        'the same pictures in the same order',
    )


def make_index(place: Path) -> None:
    """An index of 64 generated scenes, its model, their vectors and their names, in a folder."""
    make_scenes(place / 'scenes', n_images=64, log=lambda line: None)
    demo = model_index_file().parent / 'configs' / 'demo' / 'pir_itr_scenes.py'
    vocabulary = place / 'scenes' / 'vocab.txt'
    pieces = len(vocabulary.read_text(encoding='utf-8').splitlines())
    write_flat_config(
        demo, vocabulary, place / 'config.py', [f'model.text_encoder.vocab_size={pieces}']
    )
    model = load_retriever(place / 'config.py')
    torch.save({'state_dict': model.state_dict()}, place / 'model.pth')
    model = load_retriever(place / 'config.py', place / 'model.pth')
    pictures = sorted((place / 'scenes' / 'images').iterdir())
    index_pictures(pictures, model, place / 'index', place / 'model.pth')
    np.save(place / 'vectors.npy', embed_images(model, pictures))
    (place / 'names.txt').write_text('\n'.join(map(str, pictures)), encoding='utf-8')
