"""The model's tokenizer for the workers of the data loaders."""

import shutil
from functools import partial
from inspect import signature
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from pir_mm.engine.checkpoint_loading import VOCABULARY
from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.files.writing import atomic_file
from pir_mm.registry import HOOKS


@HOOKS.register_module()
class TokenizerHook(Hook):
    """Hand the model's tokenizer to every collate function that takes one, and its masking.

    The tokenizer belongs to the model, which also needs it to embed a query. So a config states it
    once, in ``model.tokenizer``, and this hook gives it to the loaders before they start their
    workers. A collate function that was given a tokenizer in the config keeps it. A model that
    learns to guess words says by ``masking`` how they are hidden, and the collate function of the
    training gets that too. The vocabulary is part of the model, so a copy of it is left beside the
    checkpoints.
    """

    def before_train(self, runner: Runner) -> None:
        self._equip(runner, runner.train_dataloader)
        masking = getattr(unwrapped(runner.model), 'masking', None)
        loader = runner.train_dataloader
        if masking is not None and 'masking' in signature(loader.collate_fn).parameters:
            loader.collate_fn = partial(loader.collate_fn, masking=masking)
        self._leave_vocabulary(runner)

    def before_val(self, runner: Runner) -> None:
        self._equip(runner, runner.val_dataloader)

    def before_test(self, runner: Runner) -> None:
        self._equip(runner, runner.test_dataloader)

    def _equip(self, runner: Runner, loader: DataLoader) -> None:
        collate = loader.collate_fn
        if 'tokenizer' not in signature(collate).parameters:
            return
        if isinstance(collate, partial) and collate.keywords.get('tokenizer') is not None:
            return
        loader.collate_fn = partial(collate, tokenizer=unwrapped(runner.model).tokenizer)

    def _leave_vocabulary(self, runner: Runner) -> None:
        given = getattr(runner.train_dataloader.collate_fn, 'keywords', {})
        vocab = getattr(given.get('tokenizer'), 'vocab', None)
        if vocab is not None and is_main_process():
            with atomic_file(Path(runner.work_dir, VOCABULARY)) as temporary:
                shutil.copyfile(vocab, temporary)
