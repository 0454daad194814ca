"""What the tokens of a text take of the image that they read."""

from typing import NamedTuple

from torch import Tensor

from pir_mm.models.fusion.fusion_encoder import FusionEncoder, ImageKeys
from pir_mm.structures.text_states import TextStates


class AttendedPairs(NamedTuple):
    """Pairs that were read, with the attention to the image in one layer.

    ``tokens`` (P, L, dim), the joint tokens as :class:`FusionEncoder` gives them, and ``shares``
    (P, heads, L, N), what each token takes of each token of the image; they sum to 1 over ``N``.
    """

    tokens: Tensor
    shares: Tensor


def attended_pairs(
    encoder: FusionEncoder,
    images: list[ImageKeys],
    text: TextStates,
    image_index: Tensor,
    text_index: Tensor,
    layer: int,
) -> AttendedPairs:
    """Read pairs as the encoder does, and note what one layer takes of the images.

    The shares are computed beside the layer, from the tensors that it is called with, so that the
    joint tokens are those of a plain call.

    Args:
        encoder: in evaluation mode; dropout is not in the shares.
        images, text, image_index, text_index: as the encoder takes them.
        layer: number of the layer, counted from 0.
    """
    noted: list[Tensor] = []
    attention = encoder.layer[layer].crossattention
    hook = attention.register_forward_pre_hook(
        lambda module, given: noted.append(module.shares(*given))
    )
    try:
        tokens = encoder(images, text, image_index, text_index)
    finally:
        hook.remove()
    (shares,) = noted
    return AttendedPairs(tokens, shares)
