"""Pull each text towards the images it describes, away from the others."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.contrastive import symmetric_info_nce
from pir_mm.functional.similarity import POSITIVES, positives, similarity
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.losses.temperature import temperature_name
from pir_mm.registry import MODELS


@MODELS.register_module()
class ContrastiveLoss(BaseModule):
    """Symmetric InfoNCE in which an image or a text may have several positives.

    Eq. 15 of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023. The positives of a row share its target evenly. With
    ``positives='image'`` it is the authors' code of PIR-ITR, with ``'pair'`` that of PIR-CLIP;
    both push away a text of the same words that another image has, which the default does not.

    Args:
        positives: who is a positive of an image: every text of the image and every text of the
            same words (``'image_or_text'``), every text of the image (``'image'``), or the text
            that came with the row (``'pair'``).
        temperature: name of the head's temperature that divides the similarities.
        weight: factor of the loss.

    Shape:
        - pairs: :class:`EmbeddedPairs` of ``B`` images and ``M`` texts
        - output: scalar

    Raises:
        ValueError: if ``positives`` is unknown, or ``temperature`` is no name.
    """

    def __init__(
        self,
        positives: str = 'image_or_text',
        temperature: str = 'contrastive',
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        if positives not in POSITIVES:
            raise ValueError(
                f'positives={positives!r} of ContrastiveLoss is unknown, wanted one of '
                f'{", ".join(POSITIVES)}'
            )
        self.positives = positives
        self.temperature = temperature_name(temperature)
        self.weight = weight

    def forward(self, pairs: EmbeddedPairs, temperature: Tensor) -> Tensor:
        logits = similarity(pairs.image_embedding, pairs.text_embedding) / temperature
        positive = positives(pairs.image_of_text, pairs.image_id, pairs.text_id, self.positives)
        return self.weight * symmetric_info_nce(logits, positive)

    def extra_repr(self) -> str:
        return (
            f'positives={self.positives!r}, temperature={self.temperature!r}, weight={self.weight}'
        )
