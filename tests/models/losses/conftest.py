import numpy as np
import pytest
import torch

from pir_mm.models.losses import EmbeddedPairs


@pytest.fixture(scope='session')
def golden(shared_dir):
    """Given embeddings, ids and labels; losses and gradients of the authors' code."""
    files = [shared_dir / 'golden' / name for name in ('losses.npz', 'pir_clip_small.npz')]
    if not all(file.is_file() for file in files):
        pytest.skip(f'{files[0].parent} is absent')
    pir, pir_clip = (dict(np.load(file)) for file in files)
    return pir | {f'pir_clip_{k}': v for k, v in pir_clip.items() if k.startswith('loss')}


@pytest.fixture
def loss_and_gradients(golden):
    """Run a loss on the golden pairs: value, gradient by image and by text embedding."""

    def run(loss, **instead):
        given = {k: torch.tensor(v) for k, v in golden.items()} | instead
        image, text = given['image_embedding'], given['text_embedding']
        image.requires_grad_()
        text.requires_grad_()
        row = torch.arange(len(text))
        n_scenes = int(given['label'].max()) + 1
        pairs = EmbeddedPairs(image, text, row, given['image_id'], row, given['label'], n_scenes)
        value = loss(pairs, torch.tensor(0.07))
        value.backward()
        return value.detach(), image.grad, text.grad

    return run


@pytest.fixture
def agrees(golden):
    """Compare a result of ``loss_and_gradients`` with what the authors' code gave."""

    def compare(result, name):
        keys = (name, f'{name}_grad_image', f'{name}_grad_text')
        expected = [torch.tensor(golden[key]) for key in keys]
        torch.testing.assert_close(list(result), expected, rtol=1e-5, atol=1e-5)

    return compare
