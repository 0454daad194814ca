"""Tokenizers and their vocabularies."""

from pir_mm.datasets.tokenizers.clip_tokenizer import CLIPTokenizer
from pir_mm.datasets.tokenizers.vocabulary import train_vocabulary
from pir_mm.datasets.tokenizers.word_piece_tokenizer import WordPieceTokenizer

__all__ = ['CLIPTokenizer', 'WordPieceTokenizer', 'train_vocabulary']
