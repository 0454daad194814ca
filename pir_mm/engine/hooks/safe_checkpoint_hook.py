"""Checkpoints that survive a kill, load without unpickling and belong to their own folder."""

import json
import os
import shutil
from collections import OrderedDict
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import barrier, is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.files.fitting import mismatch
from pir_mm.files.names import first_few
from pir_mm.files.writing import atomic_file, write_text
from pir_mm.registry import HOOKS


@register_backend('pir_mm.atomic')
class AtomicBackend(LocalBackend):
    """Write to a temporary name, then rename: a killed run never leaves half a checkpoint."""

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        with atomic_file(filepath) as temporary:
            temporary.write_bytes(obj)


KEPT_SCALARS = 1000
"""Scalars of each log curve that travel with a checkpoint (its smoothing window is far smaller)."""
POINTER = 'last_checkpoint'
"""File of a work directory that names its last checkpoint, relative to the directory."""


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, with more promises.

    - A checkpoint is written under a temporary name and renamed.
    - The best checkpoint is removed only after its successor lies on disk; of the epoch
      checkpoints at least two are kept, for the same reason.
    - A checkpoint holds tensors and plain values only, so that it loads with
      ``weights_only=True``; mmengine's log buffers are turned into lists and back, its
      NumPy numbers into Python's.
    - A run touches files of its own directory only. Resumed into another directory, it takes a
      copy of the best checkpoint along; after a move it finds its own.
    - A run resumes with the schedule that it began with, or not at all: mmengine would take the
      old one from the checkpoint, whatever the config says.

    Args:
        max_keep_ckpts: epoch checkpoints to keep, at least 2, or -1 for all.
        **kwargs: as ``mmengine.hooks.CheckpointHook``.

    Raises:
        ValueError: if ``max_keep_ckpts`` is 0 or 1, or if the config of a resumed run has another
            schedule, batch size or seed.
    """

    def __init__(self, *args, max_keep_ckpts: int = 2, **kwargs) -> None:
        if max_keep_ckpts in (0, 1):
            raise ValueError(
                f'max_keep_ckpts={max_keep_ckpts}, but a killed run needs the checkpoint before '
                'the one being written: set 2 or more, or -1 for all'
            )
        kwargs.setdefault('backend_args', {'backend': 'pir_mm.atomic'})
        super().__init__(*args, max_keep_ckpts=max_keep_ckpts, **kwargs)

    def before_run(self, runner: Runner) -> None:
        if (
            runner._resume
            and runner._load_from is None
            and Path(runner.work_dir, POINTER).is_file()
        ):
            runner._load_from = str(last_checkpoint(runner.work_dir))

    def before_train(self, runner: Runner) -> None:
        super().before_train(runner)
        if not self.save_best:
            return
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = self._own_best(runner, self.best_ckpt_path, '')
            return
        for key, path in self.best_ckpt_path_dict.items():
            self.best_ckpt_path_dict[key] = self._own_best(runner, path, f'_{key}')

    def _own_best(self, runner: Runner, path: str | None, ending: str) -> str | None:
        """The best checkpoint of a resumed run in its own directory, where it may be copied to."""
        if path is None:
            return None
        own = Path(self.out_dir, Path(path).name)
        if is_main_process() and not own.is_file() and Path(path).is_file():
            with atomic_file(own) as temporary:
                shutil.copyfile(path, temporary)
        barrier()
        found = str(own) if own.is_file() else None
        runner.message_hub.update_info(f'best_ckpt{ending}', found)
        if found is None:  # it is lost, so the next one is the best there is
            runner.message_hub.runtime_info.pop(f'best_score{ending}', None)
        return found

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        super()._save_checkpoint_with_step(runner, step, meta)
        if is_main_process():
            pointer = Path(runner.work_dir, POINTER)
            write_text(pointer, os.path.relpath(self.last_ckpt, runner.work_dir))

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
        checkpoint['meta']['schedule'] = _schedule(runner.cfg, runner.seed)
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
        meta = checkpoint.get('meta', {})
        _refuse_strangers(runner, checkpoint.get('state_dict', {}))
        if runner._resume and 'epoch' not in meta:
            raise ValueError(
                'the file to resume from holds weights and no state of a run: start from it by '
                '--cfg-options load_from=FILE'
            )
        meta.pop('config', None)  # mmengine would run its text as a program
        if runner._resume and 'schedule' in meta:
            seed = (runner.cfg.get('randomness') or {}).get('seed')
            seed = meta['schedule']['randomness']['seed'] if seed is None else seed
            _refuse_changes(meta['schedule'], _schedule(runner.cfg, seed))
        hub = checkpoint.get('message_hub')
        if hub is not None:
            hub['log_scalars'] = OrderedDict(
                (name, HistoryBuffer(*data) if isinstance(data, list) else data)
                for name, data in hub['log_scalars'].items()
            )


def last_checkpoint(work_dir: str | Path) -> Path:
    """Path of the last checkpoint of a run, inside its directory, moved or copied.

    Raises:
        FileNotFoundError: if the directory names none, or does not have it.
    """
    pointer = Path(work_dir, POINTER)
    if not pointer.is_file():
        raise FileNotFoundError(f'{work_dir} has no checkpoint of a run')
    named = Path(pointer.read_text(encoding='utf-8').strip())
    # an absolute path was written by mmengine, before the directory was perhaps moved
    path = pointer.parent / (named.name if named.is_absolute() else named)
    if not path.is_file():
        raise FileNotFoundError(
            f'{pointer} names {named.name}, which is not there: give the checkpoint to resume from '
            'by its path'
        )
    return path


def _refuse_strangers(runner: Runner, weights: dict) -> None:
    """mmengine would go on with random weights if no tensor has a name of the model."""
    model = unwrapped(runner.model)
    if weights and not set(weights) & set(model.state_dict()):
        raise ValueError(f'the checkpoint to load is of another model: {mismatch(model, weights)}')


def _schedule(config: Config, seed: int) -> dict:
    """What of a config decides how a run goes on, as plain values."""
    loader = config.get('train_dataloader') or {}
    limits = ('max_epochs', 'max_iters')
    parts = {
        'optim_wrapper': config.get('optim_wrapper'),
        'param_scheduler': config.get('param_scheduler'),
        'train_cfg': {key: (config.get('train_cfg') or {}).get(key) for key in limits},
        'train_dataloader': {'batch_size': loader.get('batch_size')},
        'auto_scale_lr': config.get('auto_scale_lr'),
        'randomness': {'seed': seed},
    }
    return json.loads(json.dumps(parts, default=str))


def _refuse_changes(before: dict, now: dict) -> None:
    old, new = dict(_leaves(before)), dict(_leaves(now))
    names = [name for name in old | new if old.get(name) != new.get(name)]
    if names:
        changes = [f'{name} was {old.get(name)} and is {new.get(name)}' for name in names]
        raise ValueError(
            f'a resumed run goes on as it began, but {first_few(changes)}: put it back, or start a '
            'new run from these weights by --cfg-options load_from=CHECKPOINT'
        )


def _leaves(value: object, name: str = '') -> list[tuple[str, object]]:
    """Every plain value of nested dicts and lists under its dotted name."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        items = list(enumerate(value))
    else:
        return [(name, value)]
    return [leaf for key, item in items for leaf in _leaves(item, f'{name}.{key}'.lstrip('.'))]
