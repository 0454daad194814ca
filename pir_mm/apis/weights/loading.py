"""A trained retriever from its config and checkpoint."""

from pathlib import Path

import torch
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope

from pir_mm.apis.training.configuration import load_config
from pir_mm.engine import load_weights
from pir_mm.registry import MODELS


def load_retriever(
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device = 'cpu',
) -> BaseModel:
    """Build a retriever and load its weights, all of them or none.

    Args:
        config: config file; by default the one beside the checkpoint, of the same stem.
        checkpoint: weights; ``None`` leaves them as they are built.
        device: where the model shall live.

    Returns:
        The model in eval mode, with ``encode_image``, ``encode_text`` and ``cfg``, its config.

    Raises:
        FileNotFoundError: if a file is missing. The vocabulary is read at the first text only.
        ValueError: if neither file is given, or the checkpoint is one of another model.
    """
    if config is None:
        if checkpoint is None:
            raise ValueError('load_retriever needs a config, or a checkpoint with a config beside')
        config = Path(checkpoint).with_suffix('.py')
        if not config.is_file():
            raise FileNotFoundError(f'{checkpoint} came without a config, and {config} is missing')
    cfg = load_config(config)
    with DefaultScope.overwrite_default_scope('pir_mm'):
        model = MODELS.build(cfg.model)
    if checkpoint is not None:
        load_weights(model, checkpoint)
    model.cfg = model._config = cfg  # mmpretrain's inferencers look for the second
    model.to(device)
    model.eval()
    return model
