"""Stand-ins for a GPU, for machines that have none."""

from collections.abc import Callable
from contextlib import contextmanager

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode


@contextmanager
def fake_tensors():
    """Tensors without values: an operation that reads a number of theirs on the host fails.

    A fake ``cuda`` device is there too. Operations between devices fail, and so do copies to the
    host, and copies from it that wait.
    """
    with FakeTensorMode(), _NoWaiting():
        yield


class _NoWaiting(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if function in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default):
            source = args[-1] if function is torch.ops.aten.copy_.default else args[0]
            where = (source.device.type, result.device.type)
            waits = not (kwargs or {}).get('non_blocking', False)
            assert where != ('cuda', 'cpu'), 'a tensor is copied to the host'
            assert where != ('cpu', 'cuda') or not waits, 'a copy to the device waits'
        return result


def move_to_fake(model: nn.Module, device: str) -> nn.Module:
    """Replace all weights and buffers by fake ones on a device. Call it in ``fake_tensors``."""
    for module in model.modules():
        for name, value in module._parameters.items():
            if value is not None:
                fake = torch.empty(value.shape, device=device)
                module._parameters[name] = nn.Parameter(fake, value.requires_grad)
        for name, value in module._buffers.items():
            if value is not None:
                module._buffers[name] = torch.empty(value.shape, dtype=value.dtype, device=device)
    model.data_preprocessor._device = torch.device(device)
    return model


def result_elsewhere(function: Callable, *given):
    """``function(*given)`` where a tensor made without a device lies on another one than these."""
    with torch.device('meta'):
        return function(*given)
