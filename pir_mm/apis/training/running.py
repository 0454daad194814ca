"""Train a config and test a checkpoint with mmengine's Runner."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import get_world_size, is_main_process
from mmengine.runner import Runner

from pir_mm.engine import (
    CPU_MODEL_WRAPPER,
    join_cpu_process_group,
    load_local_files_safely,
    load_weights,
    prefer_vocabulary_beside,
)
from pir_mm.engine.hooks.safe_checkpoint_hook import POINTER, last_checkpoint
from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.files.weights import read_checkpoint
from pir_mm.files.writing import write_json
from pir_mm.models.retrievers import DualEncoder


def check_devices(device: str | None, gpus: int | None) -> None:
    """Check that the machine has the GPUs that the user requested.

    A number of GPUs on a machine without any GPU means CPU processes, unless ``device`` is
    ``'cuda'``.

    Args:
        device: ``'cpu'``, ``'cuda'`` or ``None``.
        gpus: number of processes.

    Raises:
        ValueError: if the machine has fewer GPUs.
    """
    available = torch.cuda.device_count()
    requested = 1 if device == 'cuda' and not gpus else gpus or 0
    if requested > available and (available or device == 'cuda'):
        raise ValueError(f'{requested} GPU(s) requested, but this machine has {available}')


def adapt_training(
    config: Config,
    *,
    amp: str | None = None,
    validate: bool = True,
    scale_lr: bool = False,
    pin_memory: bool = True,
    persistent_workers: bool = True,
) -> None:
    """Write the switches of ``tools/train.py`` into a config, in place.

    Args:
        config: as :func:`load_config` returns it.
        amp: ``'on'`` trains in bfloat16 autocast, also on the CPU; ``'off'`` in float32. ``None``
            means on where there is a GPU, and elsewhere what the config says.
        validate: run the validation loop.
        scale_lr: scale the learning rate to the batch size.
        pin_memory: of the loaders; only where a GPU is present.
        persistent_workers: of the loaders; only where they have workers.

    Raises:
        ValueError: if ``scale_lr`` is set and the config has no ``auto_scale_lr.base_batch_size``.
    """
    if amp == 'on' or (amp is None and torch.cuda.is_available()):
        config.optim_wrapper.type = 'pir_mm.Bf16OptimWrapper'
    elif amp == 'off':
        config.optim_wrapper.type = 'OptimWrapper'
    if amp is not None or torch.cuda.is_available():
        for key in ('loss_scale', 'dtype'):
            config.optim_wrapper.pop(key, None)
    if not validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if scale_lr:
        if 'base_batch_size' not in config.get('auto_scale_lr', {}):
            raise ValueError('--auto-scale-lr needs auto_scale_lr.base_batch_size in the config')
        config.auto_scale_lr.enable = True
    for name in ('train_dataloader', 'val_dataloader'):
        loader = config.get(name)
        if loader is not None:
            loader.pin_memory = pin_memory and torch.cuda.is_available()
            loader.persistent_workers = persistent_workers and loader.get('num_workers', 0) > 0


def build_runner(config: Config) -> Runner:
    """Build the Runner of a config, on the GPUs or on the CPU.

    A public retriever that the config names in a cascade is fetched. With a launcher and no GPU,
    the processes join a gloo group. On a GPU, matrix products are in TF32 and cuDNN chooses its
    kernels by trial.
    """
    load_local_files_safely()
    _fetch_stages(config)
    if torch.cuda.is_available():
        _be_fast_on_a_gpu(config)
    if config.get('launcher', 'none') != 'none' and join_cpu_process_group():
        wrapper = {'find_unused_parameters': config.get('find_unused_parameters', False)}
        config.setdefault('model_wrapper_cfg', CPU_MODEL_WRAPPER | wrapper)
    return Runner.from_cfg(config)


def _fetch_stages(config: Config) -> None:
    """Put the files of a public retriever in the place of its name in a cascade."""
    from pir_mm.apis.weights.loading import retriever_files  # that room loads by configs of this

    for loop in ('val_cfg', 'test_cfg'):
        cascade = (config.get(loop) or {}).get('cascade') or {}
        for stage in ('filter', 'reranker'):
            if not isinstance(cascade.get(stage), str):
                continue
            path, checkpoint = retriever_files(cascade[stage])
            if checkpoint is None:
                raise ValueError(
                    f'{loop}.cascade.{stage}={path!r} is no public retriever: give '
                    'dict(config=..., checkpoint=...)'
                )
            cascade[stage] = dict(config=str(path), checkpoint=str(checkpoint))


def _be_fast_on_a_gpu(config: Config) -> None:
    torch.set_float32_matmul_precision('high')
    torch.backends.cudnn.allow_tf32 = True
    if 'cudnn_benchmark' not in config.get('env_cfg', {}):
        config.merge_from_dict({'env_cfg.cudnn_benchmark': True})


def train(config: Config, resume: str | None = None) -> Runner:
    """Train the model of a config.

    Args:
        config: as :func:`load_config` returns it.
        resume: ``'auto'`` continues from the last checkpoint of the work directory and starts
            as the config says if the directory has no checkpoint. A path continues from that
            file. ``None`` does as the config says.

    Returns:
        The Runner after training.

    Raises:
        FileNotFoundError: if data, weights or the checkpoint to resume are missing.
        ValueError: if a value in the config is wrong, if a resumed run would go on differently, or
            if there is no batch to train on.
    """
    if resume is not None:
        _go_on(config, None if resume == 'auto' else resume)
    elif config.get('resume'):
        _go_on(config, config.get('load_from'))
    runner = build_runner(config)
    _check_batches(runner)
    runner.train()
    return runner


def _go_on(config: Config, checkpoint: str | None) -> None:
    """Have a run go on from a checkpoint; without one, from the last of its work directory.

    If there is none either, it starts as the config says, from ``load_from`` if that is set.
    Without a seed in the config, the run goes on with the one that it drew.
    """
    if checkpoint is None and (Path(config.work_dir) / POINTER).is_file():
        checkpoint = str(last_checkpoint(config.work_dir))
    config.resume = checkpoint is not None
    if checkpoint is None:
        return
    config.load_from = checkpoint
    if config.get('randomness', {}).get('seed') is None:
        seed = read_checkpoint(checkpoint).get('meta', {}).get('seed')
        config.merge_from_dict({'randomness.seed': seed})


def _check_batches(runner: Runner) -> None:
    """Refuse a training without a batch, and accumulation that has no effect."""
    loader = runner.train_loop.dataloader
    size = loader.batch_sampler.batch_size if loader.batch_sampler is not None else 1
    if hasattr(loader.dataset, '__len__') and len(loader) == 0:
        raise ValueError(
            f'{len(loader.dataset)} training items give none of {get_world_size()} process(es) a '
            f'batch of {size}: lower train_dataloader.batch_size, or set '
            'train_dataloader.drop_last=False'
        )
    steps = (runner.cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    if steps > 1 and isinstance(unwrapped(runner.model), DualEncoder):
        raise ValueError(
            f'optim_wrapper.accumulative_counts={steps} gives no more negatives: every loss '
            f'compares the {size} images of one batch. Raise train_dataloader.batch_size, with '
            'model.chunk=16 if memory is short, or use more processes'
        )


def best_checkpoint(work_dir: str | Path) -> Path:
    """Path of the checkpoint with the best validation of a run, or the last if it did not validate.

    The path is inside ``work_dir``, also when the directory was moved after the training.

    Raises:
        FileNotFoundError: if the run has no checkpoint.
    """
    work_dir = Path(work_dir)
    last = last_checkpoint(work_dir)
    best = read_checkpoint(last)['message_hub']['runtime_info'].get('best_ckpt')
    return last if best is None else work_dir / Path(best).name


def test(
    config: Config, checkpoint: str | None, out: str | None = None, split: str = 'test'
) -> dict[str, float]:
    """Test a checkpoint on the test split and write its metrics.

    Args:
        config, checkpoint, split: as of :func:`run_test`.
        out: JSON file for the metrics; by default ``metrics.json`` in the work directory, with
            ``split='val'`` ``metrics_val.json``.

    Returns:
        The metrics, in percent and unrounded.

    Raises:
        FileNotFoundError, ValueError: as :func:`run_test`.
    """
    runner, metrics = run_test(config, checkpoint, split)
    if is_main_process():
        name = 'metrics.json' if split == 'test' else f'metrics_{split}.json'
        path = Path(out or Path(runner.work_dir) / name)
        write_json(path, metrics, indent=2)
        runner.logger.info(f'Metrics are in {path}')
    return metrics


def run_test(
    config: Config, checkpoint: str | None, split: str = 'test'
) -> tuple[Runner, dict[str, float]]:
    """Test a checkpoint on the test split.

    Args:
        config: config that the checkpoint was trained with.
        checkpoint: path of the checkpoint; ``None`` tests the weights that a training would start
            from: the files that the config names, the rest at random.
        split: ``'val'`` runs the validation of the config instead, where one chooses.

    Returns:
        The runner, whose loop keeps what it has found, and the metrics, in percent and unrounded.

    Raises:
        FileNotFoundError: if the data or the checkpoint are missing.
        ValueError: if the checkpoint does not have exactly the tensors of this model, or the config
            has no such split.
    """
    if config.get(f'{split}_dataloader') is None:
        raise ValueError(f'the config has no {split}_dataloader')
    config.load_from, config.resume = None, False
    prefer_vocabulary_beside(config, checkpoint, config.filename)
    if split != 'test':
        config.merge_from_dict({'default_hooks.checkpoint': None})  # which would save the best
    if torch.cuda.is_available():
        config[f'{split}_dataloader'].setdefault('pin_memory', True)
    runner = build_runner(config)
    if checkpoint is None:
        unwrapped(runner.model).init_weights()
    else:
        load_weights(unwrapped(runner.model), checkpoint)
        runner.logger.info(f'Every tensor of {checkpoint} is loaded')
    return runner, runner.test() if split == 'test' else runner.val()
