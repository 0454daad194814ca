"""How BERT (uncased) splits a text into words before it looks for pieces of them."""

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

NORMALIZER = BertNormalizer(lowercase=True)
PRE_TOKENIZER = BertPreTokenizer()


def split_words(text: str) -> list[str]:
    """Lower case, accents stripped, punctuation and Chinese characters words of their own."""
    return [word for word, _ in PRE_TOKENIZER.pre_tokenize_str(NORMALIZER.normalize_str(text))]
