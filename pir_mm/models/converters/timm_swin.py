"""Swin Transformer weights from timm's names to mmpretrain's."""

import re
from collections.abc import Iterator, Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop
from pir_mm.models.converters.microsoft_swin import (
    NOT_TAKEN,
    is_microsoft_swin,
    swin_config,
    swin_pieces,
)


def is_timm_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of timm since 0.9: Microsoft's, but that a stage begins with
    its down-sampling instead of ending with it."""
    last = f'layers.{count(weights, "layers.") - 1}.downsample.'
    return is_microsoft_swin(weights) and any(name.startswith(last) for name in weights)


def from_timm_swin(weights: Mapping[str, Tensor]) -> Conversion:
    """A file of timm's, bare of its classifier, for ``mmpretrain.SwinTransformer``."""
    kept, dropped = drop(weights, NOT_TAKEN)
    theirs = {_microsoft_name(name): name for name in kept}
    renamed = {name: kept[source] for name, source in theirs.items()}

    def pieces() -> Iterator[Piece]:
        for name, value, sources in swin_pieces(renamed):
            yield Piece(name, value, tuple(theirs[source] for source in sources))

    return collect(swin_config(renamed), pieces(), dropped)


def _microsoft_name(name: str) -> str:
    return re.sub(
        r'^layers\.(\d+)\.downsample\.',
        lambda found: f'layers.{int(found[1]) - 1}.downsample.',
        name,
    )
