"""Pull each embedding towards its scene class in the other modality."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.affiliation import affiliation
from pir_mm.models.losses.temperature import Temperature
from pir_mm.registry import MODELS

FORMS = ('unique', 'pir', 'pir_clip')


@MODELS.register_module()
class AffiliationLoss(BaseModule):
    """Cluster both modalities by scene class.

    Eq. 16 of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023: the centre of a class is the mean of its members'
    embeddings in the batch, gradients flow through it, and it is not scaled to unit length.

    The authors' two releases differ from the paper and from each other. They give each sample a
    copy of its class's centre and take only its own copy for right, so that class-mates push each
    other away and the loss cannot fall below the mean logarithm of the class size. Our default
    has one column per class, which removes that floor; ``form`` brings theirs back. They also
    take centres over one process's share of the batch, we over whatever batch is given.

    Args:
        form: ``'unique'``, one column per class; ``'pir'``, the code of PIR-ITR, whose text term
            runs from image centre to texts; ``'pir_clip'``, the code of PIR-CLIP, both terms from
            embedding to centres. The last two work on (image, text) pairs, one for each text.
        temperature: starting divisor of the similarities.
        fixed: do not learn the temperature.
        limits: least and greatest temperature; kept free of weight decay as in
            :class:`ContrastiveLoss`.
        weight: factor of the loss.

    Shape:
        - image_embedding: ``(B, D)``, text_embedding: ``(M, D)``, unit-norm
        - image_of_text: ``(M,)``, the row of ``image_embedding`` that each text came with
        - image_id: ``(B,)``, not looked at
        - scene: ``(B,)``, class of each row, -1 if unlabelled: such rows and their texts, and
          classes without text, are left out
        - output: scalar; zero, with zero gradients, if nothing is left

    Raises:
        ValueError: if ``form`` is none of these.
    """

    def __init__(
        self,
        form: str = 'unique',
        temperature: float = 0.07,
        fixed: bool = False,
        limits: tuple[float, float] = (0.001, 0.5),
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        if form not in FORMS:
            raise ValueError(f'form={form!r} of AffiliationLoss is none of {", ".join(FORMS)}')
        self.form = form
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
        scene_of_text = scene[image_of_text]
        if self.form != 'unique':
            image_embedding, scene = image_embedding[image_of_text], scene_of_text
        labelled_text = scene_of_text >= 0
        classes, text_class = scene_of_text[labelled_text].unique(return_inverse=True)
        labelled_image = torch.isin(scene, classes)
        value = affiliation(
            image_embedding[labelled_image],
            torch.searchsorted(classes, scene[labelled_image]),
            text_embedding[labelled_text],
            text_class,
            len(classes),
            self.temperature(),
            self.form,
        )
        return self.weight * value

    def extra_repr(self) -> str:
        return f'form={self.form!r}, weight={self.weight}'
