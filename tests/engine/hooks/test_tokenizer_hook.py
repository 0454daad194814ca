"""Every loader gets the model's tokenizer before it starts its workers."""

from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from mmengine.registry import HOOKS
from torch.utils.data import DataLoader, default_collate

from pir_mm.datasets.collating import collate_pairs
from pir_mm.datasets.tokenizers import WordPieceTokenizer
from pir_mm.engine.hooks import tokenizer_hook


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


class Captions:
    """A training set of some captions."""

    def __init__(self, *texts):
        self.texts = texts

    def __len__(self):
        return len(self.texts)

    def get_data_info(self, number):
        return {'text': self.texts[number]}


@pytest.fixture
def training(tmp_path):
    """Of captions, by a vocabulary of eight words; gives what the log says."""
    pieces = '[PAD] [UNK] [CLS] [SEP] [MASK] a river and bridge over two wide trees'.split()
    (tmp_path / 'vocab.txt').write_text('\n'.join(pieces))
    tokenizer = WordPieceTokenizer(tmp_path / 'vocab.txt')

    def begin(dataset):
        given = runner(partial(collate_pairs))
        given.train_dataloader = SimpleNamespace(collate_fn=partial(collate_pairs), dataset=dataset)
        given.model.tokenizer, given.work_dir = tokenizer, tmp_path / 'run'
        told = []
        with patch.object(tokenizer_hook, 'print_log', lambda text, _: told.append(text)):
            HOOKS.build({'type': 'pir_mm.TokenizerHook'}).before_train(given)
        return told

    return begin


def test_words_that_the_vocabulary_lacks_are_told(training):
    assert training(Captions('a bridge over a wide river', ['two trees', 'a river'])) == []
    (told,) = training(Captions('a bridge over a stadium', ['two trees', 'a wide palace']))
    assert "vocab.txt lacks 2 of 10 words of the captions, such as 'stadium', 'palace'" in told


def test_a_vocabulary_of_other_texts_is_refused(training):
    wanted = r"lacks 3 of 4 words .*, such as 'parking': give model.tokenizer the vocabulary of the"
    with pytest.raises(ValueError, match=wanted):
        training(Captions('parking', 'parking', 'parking', 'river'))


def test_many_captions_are_looked_up_by_a_sample(training):
    texts = Captions(*['a river'] * 4999, 'a motorway')
    asked = []
    texts.get_data_info = lambda number: asked.append(number) or {'text': texts.texts[number]}
    assert training(texts) == []
    assert asked == list(range(0, 5000, 10))


def test_a_stream_or_other_items_have_no_words_to_look_up(training):
    assert training(object()) == []
    texts = Captions('a motorway')
    texts.get_data_info = lambda number: {'caption': 'a motorway'}
    assert training(texts) == []
