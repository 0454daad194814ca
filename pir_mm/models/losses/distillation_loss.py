"""What a filter learns of a fusion model."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.distillation import agreement, distillation
from pir_mm.functional.matching import MatchingPairs, matching_pairs
from pir_mm.functional.similarity import positives
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch


@MODELS.register_module()
class DistillationLoss(BaseModule):
    """The teacher's scores of pairs and the truth about them, weighed against each other.

    Zhang et al., *MTGFE*, Remote Sensing 2023, with 0.2 as the one weight and no temperature. The
    paper does not say which of the two terms has this weight; here it is the teacher's. The pairs
    are drawn as for :class:`MatchingLoss`.

    Args:
        negatives: texts, and images, that are drawn for each true pair.
        soft_weight: factor of the teacher's term; that of the truth has the rest of 1.
        temperature: softens both scores before they are compared.

    Shape:
        - student, teacher: ``(P,)`` log odds of a match
        - output: ``loss_soft`` and ``loss_hard``; ``teacher_agreement``, the share of the pairs
          that both call a match or both do not

    Raises:
        ValueError: if a number is out of its range.
    """

    def __init__(
        self, negatives: int = 1, soft_weight: float = 0.2, temperature: float = 1.0
    ) -> None:
        super().__init__()
        if negatives < 1 or not 0 <= soft_weight <= 1 or temperature <= 0:
            raise ValueError(
                'DistillationLoss wants negatives of at least 1, soft_weight from 0 to 1 and a '
                f'temperature above 0, got {negatives}, {soft_weight} and {temperature}'
            )
        self.negatives = negatives
        self.soft_weight = soft_weight
        self.temperature = temperature

    def pairs(self, batch: PairBatch) -> MatchingPairs:
        """The true pairs of a batch and false ones, drawn anew."""
        false = ~positives(batch.image_of_text, batch.image_id, batch.text_id)
        return matching_pairs(batch.image_of_text, false, negatives=self.negatives)

    def forward(self, student: Tensor, teacher: Tensor, pairs: MatchingPairs) -> dict[str, Tensor]:
        soft, hard = distillation(student, teacher, pairs.matched, pairs.kept, self.temperature)
        return {
            'loss_soft': self.soft_weight * soft,
            'loss_hard': (1 - self.soft_weight) * hard,
            'teacher_agreement': agreement(student.detach(), teacher, pairs.kept),
        }

    def extra_repr(self) -> str:
        return (
            f'negatives={self.negatives}, soft_weight={self.soft_weight}, '
            f'temperature={self.temperature}'
        )
