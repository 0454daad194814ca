"""The tokenizer against BERT's own."""

import json

import pytest
import torch
from transformers import AutoTokenizer

from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer, split_words
from pir_mm.functional.caption_cleaning import clean_caption
from pir_mm.registry import TASK_UTILS


def test_lower_case_without_accents_and_with_marks_apart():
    assert split_words('Déjà-vu at 5% 河') == ['deja', '-', 'vu', 'at', '5', '%', '河']


PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'pond', '##s', 'road', 'near']


@pytest.fixture
def vocab(tmp_path):
    path = tmp_path / 'vocab.txt'
    path.write_text('\n'.join(PIECES) + '\n')
    return path


def build(vocab, **options):
    return TASK_UTILS.build(dict(type='pir_mm.WordPieceTokenizer', vocab=str(vocab), **options))


def test_pads_to_the_longest(vocab):
    ids, mask = build(vocab)(['A road.', 'ponds near a road', 'a river'])
    assert ids.tolist() == [[2, 4, 7, 3, 0, 0, 0], [2, 5, 6, 8, 4, 7, 3], [2, 4, 1, 3, 0, 0, 0]]
    assert mask.tolist() == [[bool(i) for i in row] for row in ids.tolist()]
    assert (ids.dtype, mask.dtype) == (torch.long, torch.bool)


def test_takes_one_text_or_none(vocab):
    ids, mask = build(vocab)(['a'])
    assert (ids.tolist(), mask.tolist()) == ([[2, 4, 3]], [[True, True, True]])
    ids, mask = build(vocab)([])
    assert ids.shape == mask.shape == (0, 0)


def test_tells_which_pieces_are_parts_of_words(tmp_path):
    lines = [*PIECES, '[MASK]', '[unused1]', '[', ']', '##']
    (tmp_path / 'vocab.txt').write_text('\n'.join(lines) + '\n')
    pieces = build(tmp_path / 'vocab.txt').pieces
    assert pieces.mask == 9
    assert [p for p, own in zip(lines, pieces.special, strict=True) if own] == [
        *PIECES[:4], '[MASK]', '[unused1]'
    ]  # fmt: skip
    assert [p for p, own in zip(lines, pieces.inner, strict=True) if own] == ['##s', '##']


def test_pieces_are_joined_to_words(vocab):
    spans = build(vocab).spans('Ponds near a river, road')
    assert [(span.word, span.pieces) for span in spans] == [
        ('[CLS]', slice(0, 1)), ('ponds', slice(1, 3)), ('near', slice(3, 4)), ('a', slice(4, 5)),
        ('river', slice(5, 6)), ('road', slice(6, 7)),
    ]  # fmt: skip


def test_words_that_are_not_read_are_not_among_the_words(vocab):
    assert [span.word for span in build(vocab, max_words=2).spans('a road near')][1:] == [
        'a', 'road'
    ]  # fmt: skip
    short = build(vocab, max_tokens=4)
    assert [span.word for span in short.spans('a road near')] == ['[CLS]', 'a', 'road']
    (_, _, cut) = short.spans('a ponds')
    assert (cut.word, cut.pieces) == ('pond', slice(2, 3))
    with pytest.raises(ValueError, match='has no word left'):
        short.spans('...')


def test_without_a_mask_no_word_can_be_hidden(vocab):
    with pytest.raises(ValueError, match=r'vocab.txt has no piece \[MASK\], which hides a word'):
        _ = build(vocab).pieces


def test_counts_what_it_truncates_and_keeps_the_end(vocab):
    tokenizer = build(vocab, max_tokens=4)
    ids, mask = tokenizer(['a road', 'a road near', 'ponds near a road'])
    assert ids.tolist() == [[2, 4, 7, 3], [2, 4, 7, 3], [2, 5, 6, 3]]
    assert mask.all()
    tokenizer(['near a road'])
    assert tokenizer.truncated == 3
    assert len(tokenizer) == len(PIECES)


def test_cleans_its_texts(vocab):
    ids, _ = build(vocab, max_words=2)(['POND-"road" near', '~pond/(road)'])
    assert ids.tolist() == [[2, 5, 7, 3]] * 2


def test_leaves_cleaning_to_others_if_told_so(vocab):
    ids, _ = build(vocab, cleaning='none')(['a . a'])
    assert ids.tolist() == [[2, 4, 1, 4, 3]]
    with pytest.raises(ValueError, match="cleaning must be 'pir' or 'none', got 'clip'"):
        build(vocab, cleaning='clip')


def test_equals_bert(shared_dir, tmp_path):
    source = shared_dir / 'data' / 'vocab' / 'bert-base-uncased-vocab.txt'
    (tmp_path / 'vocab.txt').write_bytes(source.read_bytes())
    (tmp_path / 'tokenizer_config.json').write_text(
        json.dumps({'tokenizer_class': 'BertTokenizer', 'do_lower_case': True})
    )
    bert = AutoTokenizer.from_pretrained(tmp_path)
    texts = [
        'Many planes are parked next to a long building in an airport .',
        'the Déjà-vu café at 25 °C & 100 % — 河 ünïcödé',
        'supercalifragilisticexpialidocious ' * 12,
        'x' * 101,
    ]
    file = shared_dir / 'data' / 'rsicd' / 'dataset_rsicd.json'
    images = json.loads(file.read_text())['images'][::60]
    texts += [image['sentences'][-1]['raw'] for image in images]
    ids, mask = build(source, max_tokens=47)(texts)
    expected = bert(
        [clean_caption(text) for text in texts], max_length=47, truncation=True, padding=True
    )
    assert ids.tolist() == expected['input_ids']
    assert mask.long().tolist() == expected['attention_mask']
    known = build(source)(['storage tanks near the viaduct'])[0]
    assert 100 not in known


@pytest.mark.parametrize(
    ('content', 'reason'),
    [('a\nb\n', r'lacks \[PAD\], \[UNK\]'), ('\n'.join([*PIECES, 'a']), 'lists 1 pieces twice')],
)
def test_refuses_what_is_no_vocabulary(vocab, content, reason):
    vocab.write_text(content)
    with pytest.raises(ValueError, match=reason):
        build(vocab)


def test_says_what_is_wrong(vocab, tmp_path):
    with pytest.raises(
        FileNotFoundError, match='vocabulary .*rsicd/vocab.txt .* by: .* rsicd --so'
    ):
        build(tmp_path / 'rsicd' / 'vocab.txt')
    with pytest.raises(ValueError, match='max_tokens must be at least 3 to hold one piece, got 2'):
        build(vocab, max_tokens=2)
    with pytest.raises(ValueError, match="the text '...' has no word left"):
        build(vocab)(['...'])


@pytest.fixture
def small(tmp_path):
    pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'two', 'plane', '##s', 'par', '##asol', 'on']
    (tmp_path / 'vocab.txt').write_text('\n'.join([*pieces, *'adfo', *(f'##{c}' for c in 'adf')]))

    def build(**options):
        return WordPieceTokenizer(tmp_path / 'vocab.txt', **options)

    return build


@pytest.mark.parametrize(
    ('text', 'unknown', 'nothing'),
    [
        ('two planes on parasols', (), False),
        ('two adfad', ('adfad',), False),
        ('adfad', ('adfad',), True),
        ('\u4e2d\u6587', ('\u4e2d\u6587',), True),
        ('\U0001f6e9', ('\U0001f6e9',), True),
        ('two \U0001f6e9', ('\U0001f6e9',), False),
    ],
)
def test_tells_what_it_does_not_know(small, text, unknown, nothing):
    reading = small().reading(text)
    assert (reading.unknown, reading.nothing_known) == (unknown, nothing)


@pytest.mark.parametrize(
    ('options', 'used'),
    [({}, 4), ({'max_words': 3}, 3), ({'max_tokens': 6}, 3), ({'max_tokens': 5}, 2)],
)
def test_tells_how_many_words_it_uses(small, options, used):
    reading = small(**options).reading('two planes on two')
    assert (reading.used, reading.words) == (used, 4)
    ids, _ = small(**options)(['two planes on two'])
    kept, _ = small(**options)([' '.join('two planes on two'.split()[:used])])
    assert ids[0, : kept.shape[1] - 1].tolist() == kept[0, :-1].tolist()
