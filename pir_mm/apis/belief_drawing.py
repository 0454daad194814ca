"""Pictures with what a model's prior believes in."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from pir_mm.apis.picture_beliefs import picture_beliefs
from pir_mm.visualization.belief_map import PictureBelief, draw_beliefs
from pir_mm.visualization.picture_file import check_ending, save_picture


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
