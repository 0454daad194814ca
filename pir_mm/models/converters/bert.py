"""BERT weights of the Hugging Face hub, for BertEncoder."""

from collections.abc import Mapping

from torch import Tensor

from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

DROPPED = {
    'pre-training heads': ('cls.*',),
    'pooler': ('pooler.*', 'bert.pooler.*'),
    'made anew': ('*embeddings.position_ids', '*embeddings.token_type_ids'),
}
_WORDS = 'embeddings.word_embeddings.weight'


def is_bert(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of BERT, with or without ``bert.`` in front."""
    return _WORDS in weights or f'bert.{_WORDS}' in weights


def from_hf_bert(weights: Mapping[str, Tensor], heads: int | None = None) -> Conversion:
    """Convert a file of the hub for ``pir_mm.BertEncoder``.

    The pooler and the pre-training heads are dropped. Anything else that is not part of BERT is
    left over.

    Args:
        weights: tensors by their names in the file.
        heads: number of attention heads, which the weights do not show.

    Raises:
        ValueError: if a size is missing, or the number of heads does not divide the width.
    """
    kept, dropped = drop(weights, DROPPED)
    pieces = [Piece(bert_name(name), value, (name,)) for name, value in kept.items()]
    sizes = bert_sizes({piece.name: piece.value for piece in pieces})
    listed = ', '.join(f'{name}={size}' for name, size in sizes.items())
    notes = [f'for pir_mm.BertEncoder with {listed}; the number of heads is not in the file']
    heads = checked_heads(1 if heads is None else heads, sizes)
    target = dict(type='pir_mm.BertEncoder', heads=heads, **sizes)
    return collect(target, pieces, dropped, part='bert.', notes=notes)


def bert_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of BERT alone, by the names of ``transformers.BertModel``.

    If some names start with ``bert.``, the others belong to a task and are left out. The pooler
    and the pre-training heads are left out too.
    """
    kept, _ = drop(weights, DROPPED)
    kept = under_prefix(kept, 'bert.') or kept
    return {bert_name(name): value for name, value in kept.items()}


def bert_name(name: str) -> str:
    """A name as ``transformers.BertModel`` has it today.

    Files may put ``bert.`` in front of it. The first files call the weight and the bias of a layer
    norm gamma and beta.
    """
    name = name.removeprefix('bert.').replace('LayerNorm.gamma', 'LayerNorm.weight')
    return name.replace('LayerNorm.beta', 'LayerNorm.bias')


def bert_sizes(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """Arguments of ``pir_mm.BertEncoder`` that fit these shapes.

    Args:
        weights: tensors by the names of ``transformers.BertModel``.

    Raises:
        ValueError: if a tensor that gives a size is missing.
    """
    words, width = shape_of(weights, _WORDS, 2)
    return dict(
        vocab_size=words,
        hidden_size=width,
        layers=count(weights, 'encoder.layer.'),
        intermediate_size=shape_of(weights, 'encoder.layer.0.intermediate.dense.weight', 2)[0],
        max_positions=shape_of(weights, 'embeddings.position_embeddings.weight', 2)[0],
    )


def checked_heads(heads: int, sizes: Mapping[str, int]) -> int:
    """The number of heads, if BERT's width is a multiple of it.

    Raises:
        ValueError: if it is not.
    """
    if heads < 1 or sizes['hidden_size'] % heads:
        raise ValueError(
            f'{heads} heads do not divide the width {sizes["hidden_size"]} of BERT: give the '
            'right number by --bert-heads'
        )
    return heads
