"""Checkpoints that survive a kill and load without unpickling."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from pir_mm.files.writing import atomic_file
from pir_mm.registry import HOOKS


@register_backend('pir_mm.atomic')
class AtomicBackend(LocalBackend):
    """Write to a temporary name, then rename: a killed run never leaves half a checkpoint."""

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        with atomic_file(filepath) as temporary:
            temporary.write_bytes(obj)


KEPT_SCALARS = 1000
"""Scalars of each log curve that travel with a checkpoint (its smoothing window is far smaller)."""


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, with three promises added.

    - A checkpoint is written under a temporary name and renamed.
    - The best checkpoint is removed only after its successor lies on disk; of the epoch
      checkpoints at least two are kept, for the same reason.
    - A checkpoint holds tensors and plain values only, so that it loads with
      ``weights_only=True``; mmengine's log buffers are turned into lists and back, its
      NumPy numbers into Python's.

    Args:
        max_keep_ckpts: epoch checkpoints to keep, at least 2, or -1 for all.
        **kwargs: as ``mmengine.hooks.CheckpointHook``.

    Raises:
        ValueError: if ``max_keep_ckpts`` is 0 or 1.
    """

    def __init__(self, *args, max_keep_ckpts: int = 2, **kwargs) -> None:
        if max_keep_ckpts in (0, 1):
            raise ValueError(
                f'max_keep_ckpts={max_keep_ckpts}, but a killed run needs the checkpoint before '
                'the one being written: set 2 or more, or -1 for all'
            )
        kwargs.setdefault('backend_args', {'backend': 'pir_mm.atomic'})
        super().__init__(*args, max_keep_ckpts=max_keep_ckpts, **kwargs)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        one_best = self.save_best and len(self.key_indicators) == 1
        previous = self.best_ckpt_path if one_best else None
        if previous is None:
            super()._save_best_checkpoint(runner, metrics)
            return
        self.best_ckpt_path = None
        super()._save_best_checkpoint(runner, metrics)
        if self.best_ckpt_path is None:
            self.best_ckpt_path = previous
        elif is_main_process() and previous != self.best_ckpt_path:
            Path(previous).unlink(missing_ok=True)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        hub = checkpoint['message_hub']
        hub['log_scalars'] = {
            name: [values[-KEPT_SCALARS:].tolist() for values in buffer.data]
            for name, buffer in hub['log_scalars'].items()
        }
        hub['runtime_info'] = {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in hub['runtime_info'].items()
        }

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        hub = checkpoint.get('message_hub')
        if hub is not None:
            hub['log_scalars'] = OrderedDict(
                (name, HistoryBuffer(*data) if isinstance(data, list) else data)
                for name, data in hub['log_scalars'].items()
            )
