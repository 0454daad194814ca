"""Mixed precision in bfloat16 where the hardware has it, on a CPU as on an accelerator."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import nn

from pir_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bf16OptimWrapper(OptimWrapper):
    """Run the forward pass under bfloat16 autocast; weights and optimiser state stay float32.

    mmengine's ``AmpOptimWrapper`` requires an accelerator, but server CPUs with AVX512-BF16 or AMX
    multiply bfloat16 in hardware. A CPU without them emulates it, some twenty times slower than
    float32, so there the forward pass stays float32 and one line of the log says so. bfloat16 has
    the exponent range of float32, so no loss scaling is needed on any device.
    """

    _warned = False

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        device = next(model.parameters()).device.type
        fast = multiplies_bf16(device)
        if not fast and not Bf16OptimWrapper._warned:
            print_log('this CPU has no bfloat16 arithmetic: training in float32', 'current')
            Bf16OptimWrapper._warned = True
        with (
            super().optim_context(model),
            torch.autocast(device, dtype=torch.bfloat16, enabled=fast),
        ):
            yield


def multiplies_bf16(device: str) -> bool:
    """Whether devices of a type, ``'cpu'`` or an accelerator, multiply bfloat16 in hardware."""
    return device != 'cpu' or cpu_multiplies_bf16()


def cpu_multiplies_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware: AVX512-BF16 or AMX, or Arm's own."""
    if platform.machine().lower() in ('aarch64', 'arm64'):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    checks = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
    return any(getattr(torch.cpu, name, bool)() for name in checks)
