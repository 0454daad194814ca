"""Keep every wrong pair a margin below the right one."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.similarity import POSITIVES, positives, similarity
from pir_mm.functional.triplet import triplet_sum
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.registry import MODELS


@MODELS.register_module()
class TripletLoss(BaseModule):
    """Hinge loss summed over all negatives of both directions, without mining or averaging.

    The TL rows of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023. The authors' code pushes away other texts of the same
    image (``positives='pair'``); by default these are no negatives here.

    Args:
        margin: how far, in cosine, a negative has to stay below the pair.
        positives: what is no negative, as in :class:`ContrastiveLoss`.
        weight: factor of the loss.

    Shape:
        - pairs: :class:`EmbeddedPairs` of ``B`` images and ``M`` texts
        - output: scalar

    Raises:
        ValueError: if ``positives`` is unknown.
    """

    temperature = None

    def __init__(
        self, margin: float = 0.2, positives: str = 'image_or_text', weight: float = 1.0
    ) -> None:
        super().__init__()
        if positives not in POSITIVES:
            raise ValueError(
                f'positives={positives!r} of TripletLoss is unknown, wanted one of '
                f'{", ".join(POSITIVES)}'
            )
        self.margin = margin
        self.positives = positives
        self.weight = weight

    def forward(self, pairs: EmbeddedPairs, temperature: None = None) -> Tensor:
        scores = similarity(pairs.image_embedding, pairs.text_embedding)
        positive = positives(pairs.image_of_text, pairs.image_id, pairs.text_id, self.positives)
        return self.weight * triplet_sum(scores, pairs.image_of_text, positive, self.margin)

    def extra_repr(self) -> str:
        return f'margin={self.margin}, positives={self.positives!r}, weight={self.weight}'
