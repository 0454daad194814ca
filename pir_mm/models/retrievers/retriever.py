"""What all models that rank images and texts have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from pir_mm.registry import TASK_UTILS
from pir_mm.structures.pair_batch import PairBatch


class Retriever(BaseModel):
    """A model with a tokenizer, and with parts whose features may be computed once.

    Args:
        tokenizer: texts to token ids and mask. It is built when it is first needed, so that a
            model can be built and loaded without its vocabulary file.
        data_preprocessor: moves a batch to the device and normalises its images.
        text_groups: the texts of a batch are encoded in this many groups of similar length, which
            saves padding. Use 1 where padding is not masked.

    Raises:
        ValueError: if ``text_groups`` is below 1.
    """

    def __init__(
        self,
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        if text_groups < 1:
            raise ValueError(f'text_groups must be at least 1, got {text_groups}')
        self.text_groups = text_groups
        self._tokenizer_cfg = tokenizer
        self._tokenizer: Callable | None = None

    def forward(
        self,
        images: Tensor | None = None,
        data_samples: list[BaseDataElement] | None = None,
        mode: str = 'loss',
        batch: PairBatch | None = None,
    ) -> Any:
        """mmengine's modes ``loss`` and ``predict`` of a ``batch``, for a model without embeddings.

        Raises:
            ValueError: for another mode.
        """
        if mode == 'loss':
            return self.loss(batch)
        if mode == 'predict':
            return self.predict(batch)
        by = ' by `match`' if hasattr(self, 'match') else ''
        raise ValueError(
            f"mode {mode!r} is not one of a {type(self).__name__}, wanted 'loss' or 'predict': it "
            f'has no embeddings and scores pairs{by}'
        )

    @property
    def image_parts(self) -> tuple[str, ...]:
        """Names of the parts that read images and take ``features`` in their place, if any."""
        return ()

    @property
    def text_parts(self) -> tuple[str, ...]:
        """Names of the parts that read texts and take ``features`` in their place, if any."""
        return ()

    @property
    def tokenizer(self) -> Callable[[list[str]], tuple[Tensor, Tensor]]:
        """The tokenizer of the config, built on first use.

        Raises:
            ValueError: if the config has none, or it has more pieces, or longer texts, than the
                tables of ``text_encoder``.
        """
        if self._tokenizer is None:
            if self._tokenizer_cfg is None:
                raise ValueError('this model has no tokenizer: set `tokenizer` in its config')
            tokenizer = TASK_UTILS.build(self._tokenizer_cfg)
            _check_tables(tokenizer, getattr(self, 'text_encoder', None))
            self._tokenizer = tokenizer
        return self._tokenizer

    def tokenize(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids ``(M, L)`` and mask ``(M, L)`` of texts, on the model's device."""
        token_ids, token_mask = self.tokenizer(texts)
        device = next(self.parameters()).device
        return token_ids.to(device), token_mask.to(device)

    def check_padding(self) -> None:
        """Raise a ValueError if texts are encoded in groups and a part does not mask padding."""
        parts = self.named_modules()
        bare = [name for name, part in parts if not getattr(part, 'mask_padding', True)]
        if bare and self.text_groups > 1:
            raise ValueError(
                f'mask_padding=False of {bare[0]} lets an embedding depend on its padding, and '
                f'text_groups={self.text_groups} changes the padding: set text_groups=1'
            )


def given_features(features: Mapping[str, Sequence[Tensor]] | None, part: str) -> tuple:
    """A further argument for an encoder that was computed once; none for one that was not."""
    return (features[part],) if features and part in features else ()


def _check_tables(tokenizer: Callable, encoder: Any) -> None:
    rows, pieces = getattr(encoder, 'vocab_size', None), getattr(tokenizer, '__len__', None)
    if rows is not None and pieces is not None and pieces() > rows:
        raise ValueError(
            f'the vocabulary has {pieces()} pieces and text_encoder a table of {rows}: give the '
            'vocabulary that belongs to the weights, or, before a training, set '
            f'model.text_encoder.vocab_size={pieces()}'
        )
    places, longest = getattr(encoder, 'max_positions', None), getattr(tokenizer, 'max_tokens', 0)
    if places is not None and longest > places:
        raise ValueError(
            f'a text may have max_tokens={longest} and text_encoder has {places} positions: set '
            f'model.tokenizer.max_tokens to {places} or less'
        )
