"""The filter of the paper: a perceptron that scores every pair."""

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from pir_mm.functional.matching import margin
from pir_mm.models.retrievers.evaluation_samples import evaluation_samples
from pir_mm.models.retrievers.retriever import Retriever
from pir_mm.models.retrievers.taught_filter import TaughtFilter, first_tokens
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch


@MODELS.register_module()
class RetrievalFilter(TaughtFilter, Retriever):
    """A :class:`PairClassifier` over the first states of image and text, taught by a fusion model.

    The retrieval filter (RF) of Zhang et al., *MTGFE*, Remote Sensing 2023. It ranks every pair for
    a cascade. Its scores are no inner product, so that no index can serve it:
    :class:`DistilledDualEncoder` is the filter for that.

    Args:
        teacher: config of the :class:`FusionRetriever` whose encoders it reads.
        classifier: a :class:`PairClassifier`.
        distillation: a :class:`DistillationLoss`.
        init: checkpoint of the teacher, or ``'random'``; see :class:`TaughtFilter`.
        tokenizer, data_preprocessor: those of the teacher.
    """

    def __init__(
        self,
        teacher: dict,
        classifier: dict,
        distillation: dict,
        init: str,
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tokenizer, data_preprocessor, init_cfg=init_cfg)
        self.classifier = MODELS.build(classifier)
        self.hold(teacher, init, distillation)

    def image_rows(self, first: Tensor) -> Tensor:
        """What is kept of images, of their first states ``(B, C)``."""
        return self.classifier.image_rows(first)

    def text_rows(self, first: Tensor) -> Tensor:
        """What is kept of texts, of their first states ``(M, D)``."""
        return self.classifier.text_rows(first)

    def compare(self, image: Tensor, text: Tensor) -> Tensor:
        """Log odds of a match ``(n, m)`` of all pairs of such rows."""
        return self.classifier.compare(image, text)

    def loss(self, batch: PairBatch) -> dict[str, Tensor]:
        """The losses of a :class:`DistillationLoss`."""
        images, texts = self.states(batch)
        first = first_tokens(images), first_tokens(texts.tokens)
        return self.distil(
            batch, images, texts, lambda p: margin(self.classifier(*first, p.image, p.text))
        )

    @torch.no_grad()
    def predict(self, batch: PairBatch) -> list[BaseDataElement]:
        """One sample per image, in the order of the batch, see :func:`evaluation_samples`.

        ``image_embedding`` (H,) and ``text_embedding`` (m, H) are rows for :meth:`compare`.

        Raises:
            ValueError: if the batch is not one of an evaluation.
        """
        images, texts = self.states(batch)
        images = self.image_rows(first_tokens(images)).cpu()
        texts = self.text_rows(first_tokens(texts.tokens)).cpu()
        return evaluation_samples(batch, 'embedding', images, texts)
