"""A run whose loss or weights are not finite stops, and leaves no checkpoint of them."""

import math

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from pir_mm.files.names import first_few
from pir_mm.registry import HOOKS


@HOOKS.register_module()
class DivergenceHook(Hook):
    """Stop a training that diverged.

    A loss that is NaN or infinite stops the run after the step that gave it. A step with a finite
    loss can still leave such weights, through its gradient: they are never saved, neither as the
    last checkpoint nor as the best.

    Raises:
        FloatingPointError: with the step and all losses, or with the names of the weights.
    """

    priority = 'HIGH'  # after mmengine has read the losses from the device, before any saving

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs: dict | None = None
    ) -> None:
        losses = {
            name: torch.as_tensor(value).item()
            for name, value in (outputs or {}).items()
            if 'loss' in name
        }
        if all(map(math.isfinite, losses.values())):
            return
        values = ', '.join(f'{name} {value:g}' for name, value in losses.items())
        raise FloatingPointError(f'training diverged at step {runner.iter + 1}: {values}. {ADVICE}')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        weights = checkpoint['state_dict']
        wrong = [name for name, value in weights.items() if not _is_finite(value)]
        if wrong:
            raise FloatingPointError(
                f'training diverged by step {runner.iter}: {len(wrong)} of {len(weights)} tensors '
                f'are not finite, such as {first_few(wrong)}. They are not saved. {ADVICE}'
            )


ADVICE = (
    'Lower optim_wrapper.optimizer.lr, clip gradients with optim_wrapper.clip_grad, or look at '
    'the data'
)


def _is_finite(value: Tensor) -> bool:
    return not value.is_floating_point() or bool(value.isfinite().all())
