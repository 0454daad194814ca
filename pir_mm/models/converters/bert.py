"""BERT weights of the Hugging Face hub, for BertEncoder and FusionEncoder."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from pir_mm.files.weights import read_weights, under_prefix, weight_file
from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

DROPPED = {
    'pre-training heads': ('cls.*',),
    'pooler': ('pooler.*', 'bert.pooler.*'),
    'made anew': ('*embeddings.position_ids', '*embeddings.token_type_ids'),
}
_WORDS = 'embeddings.word_embeddings.weight'
_LAYERS = 'encoder.layer.'


def read_bert(place: str | Path, option: str) -> tuple[dict[str, Tensor], Path]:
    """All tensors of a BERT file by their names in it, and the path of the file.

    Args:
        place: the file, or a folder of the hub.
        option: key of the config that names it, for the message.

    Raises:
        FileNotFoundError: if there is no such file; says what to do.
        ValueError: if it cannot be read.
    """
    path = weight_file(place)
    if path is None:
        raise FileNotFoundError(
            f'no BERT weights at {place}, which is neither a file nor a folder with '
            'model.safetensors or pytorch_model.bin: put them there '
            f'(`python tools/get_weights.py list`), or start without them by '
            f'`--cfg-options {option}=random`'
        )
    return read_weights(path), path


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


def first_layers(
    weights: Mapping[str, Tensor], layers: int, file_layers: int, source: str | Path
) -> dict[str, Tensor]:
    """BERT without its layers from number ``layers`` on.

    Args:
        weights: as :func:`bert_weights` gives them.
        layers: how many are kept.
        file_layers: how many the file must have.
        source: where the weights come from, for the message.

    Raises:
        ValueError: if the file has another number of layers.
    """
    _check_layers(weights, file_layers, source)
    return {name: value for name, value in weights.items() if _number(name) < layers}


def later_layers(
    weights: Mapping[str, Tensor], first: int, file_layers: int, source: str | Path
) -> dict[str, Tensor]:
    """The layers of BERT from number ``first`` on and nothing else, as ``layer.0.``, ``layer.1.``.

    Args:
        weights, file_layers, source: as in :func:`first_layers`.
        first: number of the first of them in the file.

    Raises:
        ValueError: if the file has another number of layers.
    """
    _check_layers(weights, file_layers, source)
    return {
        f'layer.{_number(name) - first}.{name.removeprefix(_LAYERS).partition(".")[2]}': value
        for name, value in weights.items()
        if _number(name) >= first
    }


def _check_layers(weights: Mapping[str, Tensor], wanted: int, source: str | Path) -> None:
    there = count(weights, _LAYERS)
    if there != wanted:
        raise ValueError(
            f'{source} is a BERT of {there} layers, and the model is made for the parts of one '
            f'that has {wanted}: give the matching file'
        )


def _number(name: str) -> int:
    """Number of the layer that a tensor of BERT belongs to; -1 for none."""
    digits = name.removeprefix(_LAYERS).partition('.')[0]
    return int(digits) if name.startswith(_LAYERS) and digits.isdigit() else -1


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
        layers=count(weights, _LAYERS),
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
