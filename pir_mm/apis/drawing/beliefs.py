"""Pictures with what a model's prior believes in."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pir_mm.apis.drawing.seen_picture import SeenPicture, see_picture
from pir_mm.functional.belief import belief, belief_scores, reweigh, select
from pir_mm.visualization.belief_map import PictureBelief, draw_beliefs
from pir_mm.visualization.figure_file import check_ending, save_picture


def draw_picture_beliefs(
    model: nn.Module, pictures: Sequence[str | Path], out: str | Path
) -> list[PictureBelief]:
    """Draw pictures with the belief over their tokens, as :func:`picture_beliefs` gives it.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`, with an ``instruction_encoder``.
        pictures: files.
        out: ``.png`` or ``.pdf``.

    Returns:
        What was drawn.
    """
    check_ending(out)
    beliefs = picture_beliefs(model, pictures)
    save_picture(draw_beliefs(beliefs), out)
    return beliefs


def picture_beliefs(model: nn.Module, pictures: Sequence[str | Path]) -> list[PictureBelief]:
    """The belief of a model's prior over the tokens of pictures.

    As in :class:`PIR`, the candidates are the global token, then the local ones row by row.
    A cell of the grid is the part of the picture that its token stands for; through the layers
    below, it has also seen what is around.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        pictures: files.

    Returns:
        Beliefs, kept cells and weights on a grid, and the picture that they lie over: the whole of
        it where the test pipeline shows the model the whole, else what is left of it.

    Raises:
        FileNotFoundError, ValueError: if a picture cannot be used, or the model has no prior, or
            its tokens form no grid.
    """
    if getattr(model, 'instruction_encoder', None) is None:
        raise ValueError(
            'the model has no prior, so there is no belief to draw: give a model whose config has '
            'instruction_encoder'
        )
    return [_belief_of(model, see_picture(model, picture)) for picture in pictures]


def _belief_of(model: nn.Module, seen: SeenPicture) -> PictureBelief:
    with torch.inference_mode():
        images = seen.images(model)
        pooled, tokens = model.image_encoder(images)
        tokens = torch.cat([pooled.unsqueeze(dim=1), tokens], dim=1)
        scores = belief_scores(tokens, model.instruction_encoder(images))
        kept, gain = _choice(model.selector, scores)
        weight = belief(scores)
    rows, columns = seen.grid(tokens.size(1) - 1)
    grids = (part[0, 1:].reshape(rows, columns).cpu().numpy() for part in (weight, kept, gain))
    return PictureBelief(
        seen.name,
        seen.shown,
        *grids,
        global_belief=float(weight[0, 0]),
        global_kept=bool(kept[0, 0]),
        global_weight=float(gain[0, 0]),
        strategy=getattr(model.selector, 'strategy', 'none'),
    )


def _choice(selector: nn.Module | None, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Which candidates ``(1, N)`` are kept, and by what they are scaled."""
    every = torch.ones_like(scores)
    if selector is None:
        return every.bool(), every
    if selector.strategy == 'soft':
        return every.bool(), reweigh(every.unsqueeze(dim=-1), scores, selector.rank).squeeze(-1)
    number = torch.arange(scores.size(1), device=scores.device).view(1, -1, 1)
    index = select(number, scores, selector.keep).squeeze(dim=-1)
    kept = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, index, True)
    return kept, kept.to(scores.dtype)
