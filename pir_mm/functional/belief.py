"""Belief of an instruction in each token of an image, and the tokens selected by it.

Eq. 3 to 6 of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
Image-text Retrieval*, ACM MM 2023, and its journal version.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

RANKS = ('true', 'argsort', 'none')
NORMS = ('none', 'channel', 'token')


def belief_scores(tokens: Tensor, instruction: Tensor) -> Tensor:
    """Inner product of each token with the instruction. The order of belief is that of the scores.

    Computed in float32 at least, also under autocast, because bfloat16 would make ties.

    Args:
        tokens: ``(B, N, D)``, not normalised.
        instruction: ``(B, D)``, in the same space as ``tokens``.

    Returns:
        ``(B, N)``.
    """
    dtype = torch.promote_types(tokens.dtype, torch.float32)
    with torch.autocast(tokens.device.type, enabled=False):
        scores = torch.bmm(tokens.to(dtype), instruction.to(dtype).unsqueeze(dim=-1))
    return scores.squeeze(dim=-1)


def belief(scores: Tensor) -> Tensor:
    """Softmax of the scores over the tokens, ``(B, N)``; each row sums to 1.

    Scores far below the best all become 0, so an order is read off the scores, never off these.
    """
    return scores.softmax(dim=-1)


def select(tokens: Tensor, scores: Tensor, keep: int) -> Tensor:
    """Keep the ``keep`` tokens of each image with the highest scores, highest first.

    Args:
        tokens: ``(B, N, D)``.
        scores: ``(B, N)``; only their order within a row matters. Equal scores keep their order.
        keep: number of tokens to keep, ``1 <= keep <= N``.

    Returns:
        ``(B, keep, D)``. Gradients reach ``tokens`` but not ``scores``.
    """
    index = _highest(scores, keep)
    return tokens.gather(1, index.unsqueeze(dim=-1).expand(-1, -1, tokens.size(-1)))


def true_rank(scores: Tensor) -> Tensor:
    """Rank of each score in its row: 1 for the highest. Equal scores share the better rank.

    Returns:
        Long, of the shape of ``scores``.
    """
    if torch.onnx.is_in_onnx_export():  # ONNX has no running maximum
        return 1 + (scores.unsqueeze(dim=-1) < scores.unsqueeze(dim=-2)).sum(dim=-1)
    ordered, index = scores.sort(dim=-1, descending=True)
    position = torch.arange(1, scores.size(-1) + 1, device=scores.device).expand_as(index)
    lower = (ordered[..., 1:] < ordered[..., :-1]) * position[..., 1:]
    first_of_equals = torch.cat([position[..., :1], lower], dim=-1).cummax(dim=-1).values
    return torch.empty_like(index).scatter_(-1, index, first_of_equals)


def reweigh(tokens: Tensor, scores: Tensor, rank: str = 'true', norm: str = 'none') -> Tensor:
    """Scale each token by its belief and by its rank among the tokens of its image.

    Args:
        tokens: ``(B, N, D)``.
        scores: ``(B, N)``, as :func:`belief_scores` gives them.
        rank: what is added to the belief. ``true``, as in the paper: ``1 / sqrt(rank)``, where
            the most believed token has rank 1. ``argsort``, as in the authors' current code of
            PIR-CLIP: ``1 / sqrt(j)`` for token ``i``, where ``j`` is the index, from 1, of the
            token that is ``i``-th after sorting. This is not the rank of token ``i``. ``none``:
            nothing, as in their earlier code (it adds the belief once more, a factor that
            ``norm='token'`` removes).
        norm: ``none``. ``channel``: each token is a unit vector before it is scaled.
            ``token``, as in the authors' code of PIR-CLIP: each channel is a unit vector across
            the tokens, after they are scaled.

    Returns:
        ``(B, N, D)`` in the original order and dtype. Gradients reach ``tokens`` and ``scores``.
    """
    gain = belief(scores)
    if rank == 'true':
        gain = gain + true_rank(scores).to(gain.dtype).rsqrt()
    elif rank == 'argsort':
        order = _highest(scores, scores.size(-1))
        gain = gain + (order + 1).to(gain.dtype).rsqrt()
    if norm == 'channel':
        tokens = F.normalize(tokens, dim=-1)
    weighed = tokens * gain.unsqueeze(dim=-1).to(tokens.dtype)
    return F.normalize(weighed, dim=1) if norm == 'token' else weighed


def _highest(scores: Tensor, keep: int) -> Tensor:
    """Indices ``(B, keep)`` of the highest scores, highest first; equal scores keep their order."""
    if torch.onnx.is_in_onnx_export():  # its TopK keeps the order of equals, and is its only sort
        return scores.topk(keep, dim=-1).indices
    return scores.argsort(dim=-1, descending=True, stable=True)[:, :keep]
