"""Pull each embedding towards its scene class in the other modality."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.affiliation import affiliation
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.losses.temperature import temperature_name
from pir_mm.registry import MODELS

FORMS = ('unique', 'pir', 'pir_clip')


@MODELS.register_module()
class AffiliationLoss(BaseModule):
    """Cluster both modalities by scene class.

    Eq. 16 of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023: the centre of a class is the mean embedding of its members
    in the batch. Gradients flow through the centre, and it is not scaled to unit length.

    The authors' two releases differ from the paper and from each other. They give each sample a
    copy of its class centre and take only this copy as right. So members of one class push each
    other away, and the loss cannot fall below the mean logarithm of the class size. Our default
    has one column per class, without that floor; ``form`` brings the authors' back. They also
    take the centres over one process's share of the batch; we take the batch that is given.

    Args:
        form: ``'unique'``: one column per class. ``'pir'``: the code of PIR-ITR, whose text term
            goes from an image centre to the texts. ``'pir_clip'``: the code of PIR-CLIP, both
            terms from embedding to centres. The last two work on (image, text) pairs, one per
            text.
        temperature: name of the head's temperature that divides the similarities.
        weight: factor of the loss.

    Shape:
        - pairs: :class:`EmbeddedPairs`. Rows without a scene, their texts, and classes without
          text are left out.
        - output: scalar; zero, with zero gradients, if nothing is left

    Raises:
        ValueError: if ``form`` is unknown, or ``temperature`` is no name.
    """

    def __init__(
        self, form: str = 'unique', temperature: str = 'affiliation', weight: float = 1.0
    ) -> None:
        super().__init__()
        if form not in FORMS:
            raise ValueError(f'form={form!r} of AffiliationLoss is none of {", ".join(FORMS)}')
        self.form = form
        self.temperature = temperature_name(temperature)
        self.weight = weight

    def forward(self, pairs: EmbeddedPairs, temperature: Tensor) -> Tensor:
        image, scene = pairs.image_embedding, pairs.scene
        scene_of_text = scene[pairs.image_of_text]
        if self.form != 'unique':
            image, scene = image[pairs.image_of_text], scene_of_text
        value = affiliation(
            image,
            scene,
            pairs.text_embedding,
            scene_of_text,
            pairs.n_scenes,
            temperature,
            self.form,
        )
        return self.weight * value

    def extra_repr(self) -> str:
        return f'form={self.form!r}, temperature={self.temperature!r}, weight={self.weight}'
