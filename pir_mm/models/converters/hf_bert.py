"""BERT weights of the Hugging Face hub, for BertEncoder."""

from collections.abc import Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

NOT_TAKEN = {
    'pre-training heads': ('cls.*',),
    'pooler': ('pooler.*', 'bert.pooler.*'),
    'made anew': ('*embeddings.position_ids', '*embeddings.token_type_ids'),
}
_WORDS = 'embeddings.word_embeddings.weight'


def is_hf_bert(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are BERT's, bare or below ``bert.``."""
    return _WORDS in weights or f'bert.{_WORDS}' in weights


def from_hf_bert(weights: Mapping[str, Tensor], heads: int | None = None) -> Conversion:
    """A file of the hub, bare of pooler and pre-training heads, for ``pir_mm.BertEncoder``.

    Early files call the scale and shift of a layer norm gamma and beta.

    Args:
        weights: as in the file.
        heads: number of attention heads, which no tensor tells.
    """
    kept, dropped = drop(weights, NOT_TAKEN)
    pieces = [Piece(_our_name(name), value, (name,)) for name, value in kept.items()]
    sizes = bert_sizes({piece.name: piece.value for piece in pieces})
    shown = ', '.join(f'{name}={size}' for name, size in sizes.items())
    notes = [f'for pir_mm.BertEncoder with {shown}; the number of heads is not in the file']
    heads = checked_heads(1 if heads is None else heads, sizes)
    target = dict(type='pir_mm.BertEncoder', heads=heads, **sizes)
    return collect(target, pieces, dropped, part='bert.', notes=notes)


def bert_sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """Sizes of the ``pir_mm.BertEncoder`` that has these shapes.

    Raises:
        ValueError: if a tensor that tells a size is missing.
    """
    words, width = shape_of(weights, _WORDS, 2)
    inner = shape_of(weights, 'encoder.layer.0.intermediate.dense.weight', 2)[0]
    return dict(
        vocab_size=words,
        hidden_size=width,
        layers=count(weights, 'encoder.layer.'),
        intermediate_size=inner,
        max_positions=shape_of(weights, 'embeddings.position_embeddings.weight', 2)[0],
    )


def checked_heads(heads: int, sizes: Mapping[str, int]) -> int:
    """The number of heads, if it divides the width.

    Raises:
        ValueError: if it does not.
    """
    if heads < 1 or sizes['hidden_size'] % heads:
        raise ValueError(
            f'{heads} heads do not divide the width {sizes["hidden_size"]} of BERT: give the '
            'right number by --bert-heads'
        )
    return heads


def _our_name(name: str) -> str:
    name = name.removeprefix('bert.')
    return name.replace('LayerNorm.gamma', 'LayerNorm.weight').replace(
        'LayerNorm.beta', 'LayerNorm.bias'
    )
