"""Checkpoints of unknown origin, loaded whole or refused."""

import logging
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from pir_mm.engine.least_level import least_level
from pir_mm.files.fitting import mismatch
from pir_mm.files.weights import named_tensors, read_checkpoint
from pir_mm.registry import MODELS

VOCABULARY = 'vocab.txt'
"""Its name beside a checkpoint, where a model that is loaded looks for it first."""


def load_weights(model: nn.Module, path: str | Path) -> dict:
    """Load a checkpoint into a model, all of it or not at all, and return the checkpoint.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if names or shapes differ, with the counts and a few of the names.
    """
    checkpoint = read_checkpoint(path)
    given = named_tensors(checkpoint, path)
    fault = mismatch(model, given)
    if fault:
        raise ValueError(
            f'{path} is not a checkpoint of this model: {fault}. Use the config it was trained with'
        )
    model.load_state_dict(given)
    return checkpoint


def load_text_weights(model: nn.Module, path: str | Path) -> None:
    """Load of a checkpoint what a model that was built ``text_only`` has; the rest stays unread.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if names or shapes differ, beside those that only images need.
    """
    given = named_tensors(read_checkpoint(path, lazy=True), path)
    text = {name: tensor for name, tensor in given.items() if not name.startswith(model.image_side)}
    fault = mismatch(model, text)
    if fault:
        raise ValueError(
            f'{path} is not a checkpoint of this model: {fault}. Use the config it was trained with'
        )
    model.load_state_dict(text)


def trained_model(
    config: Config,
    checkpoint: str | Path | None,
    device: str | torch.device = 'cpu',
    text_only: bool = False,
) -> BaseModel:
    """Build the model of a config and load its weights, all of them or none.

    Args:
        config: of the model; it becomes the model's ``cfg``.
        checkpoint: weight file; ``None`` leaves all weights at random.
        device: of the model.
        text_only: leave out what only images need, neither built nor read, where the model can do
            without, see :attr:`pir_mm.models.retrievers.DualEncoder.image_side`.

    Returns:
        The model in eval mode.

    Raises:
        FileNotFoundError: if the checkpoint is missing.
        ValueError: if it does not have exactly the tensors of this model.
    """
    prefer_vocabulary_beside(config, checkpoint, config.filename)
    text_only = text_only and bool(getattr(MODELS.get(config.model.type), 'image_side', ()))
    # a backbone of timm lists its layers
    with DefaultScope.overwrite_default_scope('pir_mm'), least_level(logging.WARNING):
        model = MODELS.build({**config.model, 'text_only': True} if text_only else config.model)
    if checkpoint is not None:
        load = load_text_weights if text_only else load_weights
        load(model, checkpoint)
    model.cfg = model._config = config  # mmpretrain's inferencers look for the second
    model.to(device)
    model.eval()
    return model


def prefer_vocabulary_beside(config: Config, *files: str | Path | None) -> None:
    """Let a config's model read the vocabulary that lies beside its checkpoint, if one does.

    Args:
        config: changed in place.
        files: checkpoint, config, in this order; the one in the config comes between them.
    """
    tokenizer = config.model.get('tokenizer') or {}
    if 'vocab' not in tokenizer:
        return
    beside = [None if file is None else Path(file).parent / VOCABULARY for file in files]
    for place in (*beside[:1], tokenizer['vocab'], *beside[1:]):
        if place is not None and Path(place).is_file():
            tokenizer['vocab'] = str(place)
            return


def load_local_files_safely() -> None:
    """Make mmengine read local files as :func:`read_checkpoint` does (resume, ``load_from``).

    The tensors have their own names in ``state_dict``, whatever wrapped them.
    """

    def read(path: str, map_location: Any = 'cpu') -> dict:
        checkpoint = read_checkpoint(path, map_location)
        beside = {} if _is_bare(checkpoint) else checkpoint
        return {**beside, 'state_dict': named_tensors(checkpoint, path)}

    CheckpointLoader.register_scheme(prefixes='', loader=read, force=True)


def _is_bare(checkpoint: dict) -> bool:
    return all(isinstance(value, Tensor) for value in checkpoint.values())
