"""Read a config, train it, test a checkpoint; and the quickstart, which does all of it."""

from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.training.quickstart import run_quickstart
from pir_mm.apis.training.running import (
    adapt_training,
    best_checkpoint,
    build_runner,
    check_devices,
    test,
    train,
)

__all__ = [
    'adapt_training',
    'best_checkpoint',
    'build_runner',
    'check_devices',
    'load_config',
    'run_quickstart',
    'test',
    'train',
]
