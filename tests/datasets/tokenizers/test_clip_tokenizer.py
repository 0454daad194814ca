"""CLIP's tokenizer gives what open_clip's gives, without the padding."""

import pytest
import torch

from pir_mm.datasets.tokenizers.clip_tokenizer import CLIPTokenizer

open_clip = pytest.importorskip('open_clip')
TEXTS = [
    'A river.',
    'Many planes are parked beside a terminal, 3 of them white!',
    'a café "near" the sea; l’aéroport & the don\'t-care case',
    'two  blanks\tand a tab',
]


@pytest.fixture(scope='module')
def tokenizer():
    return CLIPTokenizer()


def test_ids_are_those_of_open_clip(tokenizer):
    expected = open_clip.get_tokenizer('ViT-B-32')(TEXTS)
    ids, mask = tokenizer(TEXTS)
    longest = int(mask.sum(dim=1).max())
    assert ids.shape == mask.shape == (4, longest) and ids.dtype == torch.long
    assert torch.equal(ids, expected[:, :longest]) and not expected[:, longest:].any()
    assert torch.equal(mask, torch.arange(longest) <= ids.argmax(dim=1, keepdim=True))
    assert len(tokenizer) == 49408


def test_a_long_text_is_cut_before_its_end(tokenizer):
    text = 'a wide river ' * 40
    short = CLIPTokenizer(max_tokens=8)
    ids, mask = short([text, 'a bay'])
    assert ids.shape == (2, 8) and mask[0].all() and mask[1].sum() == 4
    assert ids[0, -1] == ids.max() and short.truncated == 1
    assert torch.equal(tokenizer([text])[0], open_clip.get_tokenizer('ViT-B-32')([text]))


def test_says_how_much_of_a_text_it_reads():
    reading = CLIPTokenizer(max_tokens=6).reading('an airport beside a wide river')
    assert (reading.used, reading.words, reading.unknown) == (4, 6, ())
    assert not reading.nothing_known


def test_texts_can_be_cleaned_as_the_papers_do():
    plain, cleaned = CLIPTokenizer(), CLIPTokenizer(cleaning='pir', max_words=2)
    assert torch.equal(cleaned(['A river, wide.'])[0], plain(['a river'])[0])
    assert not torch.equal(plain(['A river, wide.'])[0][:, :4], plain(['a river'])[0])


def test_no_text_and_no_word(tokenizer):
    ids, mask = tokenizer([])
    assert ids.shape == mask.shape == (0, 0)
    with pytest.raises(ValueError, match='has no word left'):
        tokenizer(['a bay', '  '])


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(max_tokens=2), 'max_tokens must be at least 3'),
        (dict(cleaning='x'), 'cleaning must be'),
    ],
)
def test_what_cannot_be_is_told(settings, message):
    with pytest.raises(ValueError, match=message):
        CLIPTokenizer(**settings)
