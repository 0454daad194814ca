"""The model's tokenizer for the workers of the data loaders."""

import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from pir_mm.engine.checkpoint_loading import VOCABULARY
from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.files.writing import atomic_file
from pir_mm.registry import HOOKS

SAMPLE = 500
"""Training items whose words are looked up."""
FOREIGN = 0.5
"""Share of unknown words above which a vocabulary belongs to other texts."""


@HOOKS.register_module()
class TokenizerHook(Hook):
    """Hand the model's tokenizer to every collate function that takes one, and its masking.

    The tokenizer belongs to the model, which also needs it to embed a query. So a config states it
    once, in ``model.tokenizer``, and this hook gives it to the loaders before they start their
    workers. A collate function that was given a tokenizer in the config keeps it. A model that
    learns to guess words says by ``masking`` how they are hidden, and the collate function of the
    training gets that too. The vocabulary is part of the model, so a copy of it is left beside the
    checkpoints.

    Raises:
        ValueError: before a training, if the vocabulary lacks most words of its captions.
    """

    def before_train(self, runner: Runner) -> None:
        self._equip(runner, runner.train_dataloader)
        masking = getattr(unwrapped(runner.model), 'masking', None)
        loader = runner.train_dataloader
        if masking is not None and 'masking' in signature(loader.collate_fn).parameters:
            loader.collate_fn = partial(loader.collate_fn, masking=masking)
        tokenizer = getattr(loader.collate_fn, 'keywords', {}).get('tokenizer')
        if hasattr(tokenizer, 'reading'):
            _look_up_words(tokenizer, loader.dataset)
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


def _look_up_words(tokenizer: Any, dataset: Any) -> None:
    words, unknown = 0, Counter()
    for text in _some_texts(dataset):
        reading = tokenizer.reading(text)
        words += reading.words
        unknown.update(reading.unknown)
    if not unknown:
        return
    named = ', '.join(repr(word) for word, _ in unknown.most_common(5))
    vocab = getattr(tokenizer, 'vocab', tokenizer)
    told = f'{vocab} lacks {unknown.total()} of {words} words of the captions, such as {named}'
    if unknown.total() > FOREIGN * words:
        raise ValueError(f'{told}: give model.tokenizer the vocabulary of the text encoder')
    print_log(told, 'current')


def _some_texts(dataset: Any) -> Iterator[str]:
    """Captions of items that are spread over a data set; none of one that is read as a stream."""
    if not hasattr(dataset, 'get_data_info'):
        return
    for number in range(0, len(dataset), max(1, len(dataset) // SAMPLE)):
        texts = dataset.get_data_info(number).get('text', ())
        yield from [texts] if isinstance(texts, str) else texts
