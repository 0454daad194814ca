"""Keep every wrong pair a margin below the right one."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.similarity import positives, similarity
from pir_mm.functional.triplet import triplet_sum
from pir_mm.registry import MODELS


@MODELS.register_module()
class TripletLoss(BaseModule):
    """Hinge loss summed over all negatives of both directions, none mined, nothing averaged.

    The TL rows of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023. The authors' code spares only the pair itself and pushes
    away other texts of the same picture; here a picture's texts are no negatives of it.

    Args:
        margin: how far, in cosine, a negative has to stay below the pair.
        spare: what is no negative: ``'image_id'``, all texts of the picture; ``'pair'``, only the
            texts that came with the row (the authors' form).
        weight: factor of the loss.

    Shape:
        as :class:`ContrastiveLoss`.

    Raises:
        ValueError: if ``spare`` is neither.
    """

    def __init__(self, margin: float = 0.2, spare: str = 'image_id', weight: float = 1.0) -> None:
        super().__init__()
        if spare not in ('image_id', 'pair'):
            raise ValueError(f"spare={spare!r} of TripletLoss is neither 'image_id' nor 'pair'")
        self.margin = margin
        self.spare = spare
        self.weight = weight

    def forward(
        self,
        image_embedding: Tensor,
        text_embedding: Tensor,
        image_of_text: Tensor,
        image_id: Tensor,
        scene: Tensor,
    ) -> Tensor:
        if self.spare == 'pair':
            image_id = image_id.new_ones(len(image_id)).cumsum(0)
        scores = similarity(image_embedding, text_embedding)
        spared = positives(image_of_text, image_id)
        return self.weight * triplet_sum(scores, image_of_text, spared, self.margin)

    def extra_repr(self) -> str:
        return f'margin={self.margin}, spare={self.spare!r}, weight={self.weight}'
