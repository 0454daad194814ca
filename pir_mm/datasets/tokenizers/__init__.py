"""Tokenizers and their vocabularies."""

from pir_mm.datasets.tokenizers.vocabulary import train_vocabulary
from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer

__all__ = ['WordPieceTokenizer', 'train_vocabulary']
