"""Every loader gets the model's tokenizer before it starts its workers."""

from functools import partial
from types import SimpleNamespace

import pytest
from mmengine.registry import HOOKS
from torch.utils.data import DataLoader, default_collate

from pir_mm.datasets.collating import collate_pairs


def runner(collate):
    loaders = {f'{stage}_dataloader': DataLoader([1], collate_fn=collate) for stage in STAGES}
    return SimpleNamespace(model=SimpleNamespace(tokenizer='of the model'), **loaders)


STAGES = ('train', 'val', 'test')


@pytest.mark.parametrize('stage', STAGES)
def test_the_loader_of_each_stage_gets_it(stage):
    given = runner(partial(collate_pairs))
    getattr(HOOKS.build({'type': 'pir_mm.TokenizerHook'}), f'before_{stage}')(given)
    for other in STAGES:
        keywords = getattr(given, f'{other}_dataloader').collate_fn.keywords
        assert keywords.get('tokenizer') == ('of the model' if other == stage else None)


def test_a_tokenizer_of_the_config_stays():
    given = runner(partial(collate_pairs, tokenizer='of the config'))
    HOOKS.build({'type': 'pir_mm.TokenizerHook'}).before_train(given)
    assert given.train_dataloader.collate_fn.keywords['tokenizer'] == 'of the config'


def test_a_collate_function_that_takes_none_is_left_alone():
    given = runner(default_collate)
    HOOKS.build({'type': 'pir_mm.TokenizerHook'}).before_train(given)
    assert given.train_dataloader.collate_fn is default_collate


def test_training_leaves_the_vocabulary_beside_its_checkpoints(tmp_path):
    (tmp_path / 'words.txt').write_text('a\nb\n')
    given = runner(partial(collate_pairs))
    given.model.tokenizer = SimpleNamespace(vocab=str(tmp_path / 'words.txt'))
    given.work_dir = tmp_path / 'run'
    HOOKS.build({'type': 'pir_mm.TokenizerHook'}).before_train(given)
    assert (tmp_path / 'run' / 'vocab.txt').read_text() == 'a\nb\n'


def test_training_alone_hides_words_where_the_model_asks_for_it():
    given = runner(partial(collate_pairs))
    given.model.masking = 'how words are hidden'
    hook = HOOKS.build({'type': 'pir_mm.TokenizerHook'})
    for stage in STAGES:
        getattr(hook, f'before_{stage}')(given)
    keywords = [getattr(given, f'{stage}_dataloader').collate_fn.keywords for stage in STAGES]
    assert [own.get('masking') for own in keywords] == ['how words are hidden', None, None]
    assert all(own['tokenizer'] == 'of the model' for own in keywords)


def test_a_collate_function_that_hides_nothing_is_left_alone():
    given = runner(default_collate)
    given.model.masking = 'how words are hidden'
    HOOKS.build({'type': 'pir_mm.TokenizerHook'}).before_train(given)
    assert given.train_dataloader.collate_fn is default_collate
