"""The model behind what data-parallel training wraps around it."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, whether it is wrapped or not."""
    return model.module if is_model_wrapper(model) else model
