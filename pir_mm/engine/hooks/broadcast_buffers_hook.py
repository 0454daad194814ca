"""All processes evaluate one model: the batch statistics of the first one."""

from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner

from pir_mm.registry import HOOKS


@HOOKS.register_module()
class BroadcastBuffersHook(Hook):
    """Send the buffers of the first process to the others before an evaluation.

    In training each process normalises by its own share of a batch, so its running statistics
    drift from those of the others, and mmengine sends none in a step. Without this hook each
    process would evaluate another model. The first process saves the checkpoints, so a test of
    one gives the numbers of its validation.
    """

    priority = 'VERY_LOW'  # after the averaged weights and buffers of an EMAHook are in place

    def before_val_epoch(self, runner: Runner) -> None:
        self._send(runner)

    def before_test_epoch(self, runner: Runner) -> None:
        self._send(runner)

    def _send(self, runner: Runner) -> None:
        for buffer in runner.model.buffers():
            broadcast(buffer)
