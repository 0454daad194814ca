"""Synthetic weights in the authors' layout, and the outputs of the authors' code."""

import importlib.util
import json

import numpy as np
import pytest
import torch


@pytest.fixture(scope='session')
def golden(shared_dir):
    """By name of a case: the checkpoint, the manifest and the outputs."""
    folder = shared_dir / 'golden'
    if not folder.is_dir():
        pytest.skip(f'{folder} is absent')
    spec = importlib.util.spec_from_file_location('official_layout', folder / 'official_layout.py')
    layout = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layout)

    def case(name):
        manifest = json.loads((folder / f'{name}.json').read_text())
        with np.load(folder / f'{name}.npz') as outputs:
            arrays = {key: torch.from_numpy(outputs[key]) for key in outputs}
        return layout.checkpoint(manifest), arrays

    return case
