"""What a PIR-ITR checkpoint was trained from, told by its weights."""

from collections.abc import Mapping

from torch import Tensor

_STEM, _SCALE, _SHIFT = 'conv_encoder.0.weight', 'conv_encoder.1.weight', 'conv_encoder.1.bias'
_WORDS = 'text_encoder.embeddings.word_embeddings.weight'


def origin_notes(weights: Mapping[str, Tensor]) -> list[str]:
    """One sentence on the instruction encoder, if there is one, and one on BERT.

    The authors' code loads both so that names which do not match are passed over in silence. The
    instruction encoder is frozen, so a batch norm of ones and zeros was never trained. The words
    of a BERT drawn by torch spread by 1, those of a trained one by about 0.04; the middle word
    is looked at, as fine-tuning moves the frequent ones.
    """
    notes = []
    if all(name in weights for name in (_STEM, _SCALE, _SHIFT)):
        notes.append(_prior_note(weights))
    if _WORDS in weights:
        notes.append(_bert_note(weights[_WORDS].float()))
    return notes


def _prior_note(weights: Mapping[str, Tensor]) -> str:
    stem = weights[_STEM].float()
    drawn = (2 / (stem.size(0) * stem[0, 0].numel())) ** 0.5  # torchvision's initialisation
    spread = stem.std().item()
    untouched = bool((weights[_SCALE] == 1).all() and (weights[_SHIFT] == 0).all())
    if untouched and 0.8 < spread / drawn < 1.2:
        return (
            'its instruction encoder is random: batch norm of ones and zeros, first convolution '
            f'with std {spread:.4f}; the weights trained on scenes were not loaded'
        )
    if untouched:
        return (
            'its instruction encoder may be random: batch norm of ones and zeros, but the first '
            f'convolution has std {spread:.4f} where random ones have {drawn:.4f}'
        )
    return 'its instruction encoder is trained: its batch norm is not of ones and zeros'


def _bert_note(words: Tensor) -> str:
    spread = words.std(dim=1).median().item()
    if 0.85 < spread < 1.15:
        return f'its BERT started at random: word embeddings with std {spread:.3f}, as torch draws'
    if spread < 0.2:
        return f'its BERT started from trained weights: word embeddings with std {spread:.3f}'
    return (
        f'its BERT started from neither known state: word embeddings with std {spread:.3f}, where '
        'trained ones have about 0.04 and random ones 1'
    )
