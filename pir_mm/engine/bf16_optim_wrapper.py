"""Mixed precision in bfloat16, on the CPU as well as on an accelerator."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from pir_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bf16OptimWrapper(OptimWrapper):
    """Run the forward pass under bfloat16 autocast; weights and optimiser state stay float32.

    mmengine's ``AmpOptimWrapper`` asserts an accelerator, yet server CPUs with AVX512-BF16 or AMX
    multiply bfloat16 in hardware. bfloat16 has the exponent range of float32, so no loss scaling
    is needed on any device.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, dtype=torch.bfloat16):
            yield
