"""Tell an image with its text from an image with another one."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.matching import matching_accuracy, matching_cross_entropy, matching_pairs
from pir_mm.functional.similarity import positives
from pir_mm.models.fusion.fusion_step import FusionStep
from pir_mm.registry import MODELS

NEGATIVES = ('uniform', 'hard')


@MODELS.register_module()
class MatchingLoss(BaseModule):
    """Image-text matching: each pair as it came, with another text, and with another image.

    The first task of Zhang et al., *MTGFE*, Remote Sensing 2023. The negatives are drawn from the
    batch of this process, and gradients reach them. What describes the same picture, or has the
    same words as a text of it in the batch, is no negative of a pair; the paper does not say what
    it does about these. Where nothing is left to draw, the pair goes without this negative.

    Args:
        negatives: ``'uniform'``: each with the same probability, as in the paper. ``'hard'``: by a
            softmax over :attr:`FusionStep.similarity`. Unless the batch has it, see
            :class:`pir_mm.engine.FilterSimilarityHook`, the model then scores every image of the
            batch with every text, which takes several times as long as the rest of the step.
        weight: factor of the loss.

    Shape:
        - step: of ``B`` images and ``M`` texts
        - output: scalar; and ``itm_acc``, the share of pairs that were told right

    Raises:
        ValueError: if ``negatives`` is unknown.
    """

    def __init__(self, negatives: str = 'uniform', weight: float = 1.0) -> None:
        super().__init__()
        if negatives not in NEGATIVES:
            raise ValueError(
                f'negatives={negatives!r} of MatchingLoss is unknown, wanted one of '
                f'{", ".join(NEGATIVES)}'
            )
        self.negatives = negatives
        self.weight = weight

    def forward(self, step: FusionStep) -> tuple[Tensor, dict[str, Tensor]]:
        batch = step.batch
        other = ~positives(batch.image_of_text, batch.image_id, batch.text_id)
        weight = step.similarity if self.negatives == 'hard' else None
        pairs = matching_pairs(batch.image_of_text, other, weight)
        true = len(batch.image_of_text)
        logits = step.logits(step.true_and_other(pairs.image[true:], pairs.text[true:]))
        value = matching_cross_entropy(logits, pairs.matched, pairs.kept)
        accuracy = matching_accuracy(logits.detach(), pairs.matched, pairs.kept)
        return self.weight * value, {'itm_acc': accuracy}

    def extra_repr(self) -> str:
        return f'negatives={self.negatives!r}, weight={self.weight}'
