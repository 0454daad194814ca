"""Reading checkpoints of unknown origin."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import CheckpointLoader
from torch import nn

from pir_mm.files.names import first_few

TRUST = 'PIR_MM_TRUST_CHECKPOINT'


def read_checkpoint(path: str | Path, map_location: Any = 'cpu') -> dict:
    """Load a file of tensors and plain values, never unpickling anything else.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is no checkpoint, or would have to be unpickled.
            ``PIR_MM_TRUST_CHECKPOINT=1`` in the environment allows that for files you trust.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    trusted = os.environ.get(TRUST) == '1'
    try:
        checkpoint = torch.load(path, map_location=map_location, weights_only=not trusted)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{path} is no plain checkpoint: it is damaged, or holds Python objects that would '
            f'have to be unpickled, which can run any code; set {TRUST}=1 if you trust the file'
        ) from error
    except OSError:
        raise
    except Exception as error:  # there is no end to what a damaged file can raise
        raise ValueError(f'{path} cannot be read as a checkpoint, it is damaged') from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path} holds a {type(checkpoint).__name__}, not a checkpoint')
    return checkpoint


def load_weights(model: nn.Module, path: str | Path) -> dict:
    """Load a checkpoint into a model, all of it or not at all; return the checkpoint.

    Raises:
        ValueError: if names or shapes differ, with the counts and a few of the names.
    """
    checkpoint = read_checkpoint(path)
    given = checkpoint.get('state_dict', checkpoint)
    given = {name.removeprefix('module.'): value for name, value in given.items()}
    wanted = model.state_dict()
    fits = {n for n in wanted if n in given and given[n].shape == wanted[n].shape}
    if len(fits) < len(wanted) or len(given) > len(fits):
        missing = sorted(wanted.keys() - fits)
        left_over = sorted(given.keys() - fits)
        raise ValueError(
            f'{path} is not a checkpoint of this model: {len(fits)} of its {len(wanted)} tensors '
            f'are there; missing or of another shape: {first_few(missing)}; not of the model: '
            f'{first_few(left_over)}. Use the config it was trained with'
        )
    model.load_state_dict(given)
    return checkpoint


def load_local_files_safely() -> None:
    """Make mmengine's own loading (``--resume``, ``load_from``) read local files by the rule."""
    CheckpointLoader.register_scheme(prefixes='', loader=read_checkpoint, force=True)
