"""Pull each text towards the picture it describes, away from the others."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.contrastive import symmetric_info_nce
from pir_mm.functional.similarity import positives, similarity
from pir_mm.models.losses.temperature import Temperature
from pir_mm.registry import MODELS


@MODELS.register_module()
class ContrastiveLoss(BaseModule):
    """Symmetric InfoNCE that knows which texts share a picture.

    Eq. 15 of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023, in the form of the authors' code: all texts of a picture
    are positives of all its rows, each row's positives weigh equally. On pairs with distinct
    pictures it is plain InfoNCE, which is what PIR-CLIP uses whatever the pictures are.

    The temperature is learnt, clamped, and to be kept free of weight decay: a schedule does so by
    ``paramwise_cfg=dict(custom_keys={'temperature': dict(decay_mult=0.0)})``.

    Args:
        temperature: starting divisor of the similarities.
        fixed: do not learn the temperature.
        limits: least and greatest temperature.
        weight: factor of the loss.

    Shape:
        - image_embedding: ``(B, D)``, text_embedding: ``(M, D)``, unit-norm
        - image_of_text: ``(M,)``, the row of ``image_embedding`` that each text came with
        - image_id: ``(B,)``, equal for rows that show the same picture
        - scene: ``(B,)``, not looked at
        - output: scalar
    """

    def __init__(
        self,
        temperature: float = 0.07,
        fixed: bool = False,
        limits: tuple[float, float] = (0.001, 0.5),
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.temperature = Temperature(temperature, fixed, limits)
        self.weight = weight

    def forward(
        self,
        image_embedding: Tensor,
        text_embedding: Tensor,
        image_of_text: Tensor,
        image_id: Tensor,
        scene: Tensor,
    ) -> Tensor:
        logits = similarity(image_embedding, text_embedding) / self.temperature()
        return self.weight * symmetric_info_nce(logits, positives(image_of_text, image_id))

    def extra_repr(self) -> str:
        return f'weight={self.weight}'
