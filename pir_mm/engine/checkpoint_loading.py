"""Checkpoints of unknown origin, loaded whole or refused."""

from pathlib import Path

from mmengine.runner import CheckpointLoader
from torch import nn

from pir_mm.files.weights import mismatch, read_checkpoint


def load_weights(model: nn.Module, path: str | Path) -> dict:
    """Load a checkpoint into a model, all of it or not at all, and return the checkpoint.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if names or shapes differ, with the counts and a few of the names.
    """
    checkpoint = read_checkpoint(path)
    given = checkpoint.get('state_dict', checkpoint)
    given = {name.removeprefix('module.'): value for name, value in given.items()}
    fault = mismatch(model, given)
    if fault:
        raise ValueError(
            f'{path} is not a checkpoint of this model: {fault}. Use the config it was trained with'
        )
    model.load_state_dict(given)
    return checkpoint


def load_local_files_safely() -> None:
    """Make mmengine read local files as :func:`read_checkpoint` does (resume, ``load_from``)."""
    CheckpointLoader.register_scheme(prefixes='', loader=read_checkpoint, force=True)
