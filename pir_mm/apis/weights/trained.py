"""A trained retriever from its config and checkpoint."""

from pathlib import Path

import torch
from mmengine.model import BaseModel

from pir_mm.apis.training.configuration import load_config
from pir_mm.engine import trained_model


def load_trained(
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device = 'cpu',
    text_only: bool = False,
) -> BaseModel:
    """Build a retriever and load its weights, all of them or none.

    Args:
        config: config file; by default the file beside the checkpoint with the same stem.
        checkpoint: weight file; ``None`` leaves all weights at random.
        device: device of the model.
        text_only: leave out what only images need, where the model can do without.

    Returns:
        The model in eval mode, with its config as ``cfg``. Its ``text_only`` tells whether it
        encodes no images.

    Raises:
        FileNotFoundError: if a file is missing. The vocabulary is read only with the first text.
        ValueError: if neither file is given, if the checkpoint does not have exactly the tensors
            of this model, or if the device is not there.
    """
    if config is None:
        if checkpoint is None:
            raise ValueError('a retriever needs a config or a checkpoint')
        config = Path(checkpoint).with_suffix('.py')
        if not config.is_file():
            raise FileNotFoundError(
                f'{config}, the config beside {checkpoint}, does not exist: give a config'
            )
    if Path(config).suffix != '.py':
        raise ValueError(
            f'{config} is no config: a config ends in .py, and a checkpoint is given second, or by '
            'checkpoint='
        )
    _check_device(device)
    return trained_model(load_config(config), checkpoint, device, text_only)


def _check_device(device: str | torch.device) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ValueError(f"device {device!r} is unknown: give 'cpu' or 'cuda'") from None
    if kind == 'cuda' and not torch.cuda.is_available():
        raise ValueError(f"device {str(device)!r} is not there, this machine has no GPU: use 'cpu'")
