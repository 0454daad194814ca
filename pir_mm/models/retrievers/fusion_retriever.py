"""Retrieval by a model that reads an image and a text together."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from mmengine.model import ModuleDict
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from pir_mm.files.checksums import hash_tensors
from pir_mm.functional.group_blocks import group_blocks
from pir_mm.functional.masking import mask_words
from pir_mm.functional.matching import margin
from pir_mm.functional.pair_groups import group_pairs
from pir_mm.models.encoders.backbone import channels_last
from pir_mm.models.fusion.fusion_encoder import start_as_bert
from pir_mm.models.fusion.fusion_step import FusionStep
from pir_mm.models.retrievers.evaluation_samples import evaluation_samples
from pir_mm.models.retrievers.retriever import Retriever, given_features
from pir_mm.registry import MODELS
from pir_mm.structures.pair_batch import PairBatch
from pir_mm.structures.text_states import TextStates

IMAGES = 64
"""Images of which the keys of all layers are kept at a time."""
TEXTS = 16
"""Most texts that read an image together."""


@MODELS.register_module()
class FusionRetriever(Retriever):
    """One score for each pair of an image and a text, from both of them together.

    Zhang et al., *A Fusion Encoder with Multi-Task Guidance for Cross-Modal Text-Image Retrieval in
    Remote Sensing* (MTGFE), Remote Sensing 2023, 15(18):4637. There is no embedding: to rank, every
    candidate is read together with the query. The states of an image and of a text do not depend
    on each other and can be kept.

    The paper has no public code. Where its text leaves something open we follow ALBEF (Li et al.,
    *Align before Fuse*, NeurIPS 2021), whose recipe it repeats.

    Leaving losses out makes the ablations; a loss that is left out has no parameters.

    Args:
        image_encoder: images to a pooled vector and tokens, as wide as ``fusion_encoder`` reads.
        text_encoder: token ids and mask to tokens, as wide as ``fusion_encoder`` is.
        fusion_encoder: a :class:`FusionEncoder`.
        losses: name to config of each loss, ``None`` for one that is left out. A loss is called
            with a :class:`FusionStep` and gives its value and what to log beside it.
        tokenizer, data_preprocessor, text_groups: as in :class:`Retriever`.
        pair_batch: pairs that are read at a time where no gradient is wanted.

    Raises:
        ValueError: if the widths of the encoders do not fit, the images have no tokens, there is
            no loss, ``text_groups`` or ``pair_batch`` is below 1, or ``text_groups`` is above 1
            and padding is not masked.
    """

    def __init__(
        self,
        image_encoder: dict,
        text_encoder: dict,
        fusion_encoder: dict,
        losses: dict[str, dict | None],
        tokenizer: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        pair_batch: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tokenizer, data_preprocessor, text_groups, init_cfg)
        if pair_batch < 1:
            raise ValueError(f'pair_batch must be at least 1, got {pair_batch}')
        self.pair_batch = pair_batch
        self.image_encoder = MODELS.build(image_encoder)
        self.text_encoder = MODELS.build(text_encoder)
        self.fusion_encoder = MODELS.build(fusion_encoder)
        self.matcher = nn.Linear(self.fusion_encoder.dim, 2)
        self.matcher.apply(start_as_bert)
        built = {name: MODELS.build(cfg) for name, cfg in losses.items() if cfg is not None}
        if not built:
            raise ValueError(f'a FusionRetriever needs at least one loss, got losses={losses}')
        self.losses = ModuleDict(built)
        self._check_widths()
        self.check_padding()

    @property
    def image_parts(self) -> tuple[str, ...]:
        return ('image_encoder',)

    @property
    def text_parts(self) -> tuple[str, ...]:
        return ('text_encoder',)

    @property
    def masking(self) -> partial | None:
        """How the words of a training batch are hidden, if a loss is about hidden words.

        :class:`pir_mm.engine.TokenizerHook` hands it to the loaders. It takes token ids and a
        generator and gives what :func:`mask_words` does.
        """
        for loss in self.losses.values():
            if hasattr(loss, 'masking'):
                return partial(mask_words, pieces=self.tokenizer.pieces, **loss.masking)
        return None

    def encode_image_tokens(
        self, images: Tensor | None, features: Mapping[str, Sequence[Tensor]] | None = None
    ) -> Tensor:
        """States ``(B, 1 + N, C)`` of normalised images ``(B, 3, H, W)``, the pooled vector first.

        ``features`` stand for the images where the encoder's name is among them.
        """
        if images is not None and not torch.is_grad_enabled():
            images = channels_last(images)
        given = given_features(features, 'image_encoder')
        pooled, tokens = self.image_encoder(images, *given)
        return torch.cat([pooled.unsqueeze(dim=1), tokens], dim=1)

    def encode_text_tokens(
        self, token_ids: Tensor, token_mask: Tensor, features: Tensor | None = None
    ) -> TextStates:
        """States of texts ``(M, L)``.

        ``features`` ``(M, L, C)`` are what a frozen text encoder gave for these texts.
        """
        given = () if features is None else (features,)
        _, tokens = self.text_encoder(token_ids, token_mask, *given)
        return TextStates(tokens, token_mask)

    def match(
        self, image_states: Tensor, text_states: TextStates, image_index: Tensor, text_index: Tensor
    ) -> Tensor:
        """How well each pair fits: log odds of a match, ``(P,)`` float32, larger is better.

        What is read of an image is computed once for all its pairs, which read it together, and is
        kept of no more than ``IMAGES`` images at a time. Texts of similar length are read together
        and cut to the longest of them.

        Args:
            image_states: of ``B`` images, as :meth:`encode_image_tokens` gives them.
            text_states: of ``M`` texts, as :meth:`encode_text_tokens` gives them.
            image_index: ``(P,)`` long, row of the image of each pair.
            text_index: ``(P,)`` long, row of the text of each pair.
        """
        length = text_states.mask.sum(dim=1)
        place = length.argsort(stable=True).argsort()
        most = min(TEXTS, self.pair_batch)
        scores = image_states.new_empty(len(image_index), dtype=self.matcher.weight.dtype)
        for pairs in group_blocks(image_index, IMAGES):
            images, image_of_pair = image_index[pairs].unique(return_inverse=True)
            keys = self.fusion_encoder.read_images(image_states.index_select(0, images))
            groups = group_pairs(image_of_pair, place[text_index[pairs]], most)
            size = max(1, self.pair_batch // groups.pair.size(1))
            for image, rows in zip(groups.image.split(size), groups.pair.split(size), strict=True):
                read = pairs[rows.flatten()]
                texts, own_text = text_index[read].unique(return_inverse=True)
                text = text_states.rows(texts).cut(int(length[texts].max()))
                scores[read] = self.score(self.fusion_encoder(keys, text, image, own_text)[:, 0])
        return scores

    def logits(self, joint: Tensor) -> Tensor:
        """Logits ``(P, 2)`` float32 of no match and of a match, of joint vectors ``(P, D)``."""
        with torch.autocast(joint.device.type, enabled=False):
            return self.matcher(joint.to(self.matcher.weight.dtype))

    def score(self, joint: Tensor) -> Tensor:
        """Log odds of a match ``(P,)`` of joint vectors ``(P, D)``."""
        return margin(self.logits(joint))

    def loss(self, batch: PairBatch) -> dict[str, Tensor]:
        """``loss_<name>`` of each loss, and what it has to log beside it.

        Losses that look for hard negatives take the similarities of the batch where it has some,
        else the model's own scores.
        """
        step = FusionStep(self, batch)
        values = {}
        for name, loss in self.losses.items():
            values[f'loss_{name}'], noted = loss(step)
            values |= noted
        return values

    def predict(self, batch: PairBatch) -> list[BaseDataElement]:
        """One sample per image, in the order of the batch, as a cascade takes it.

        Each has ``image_states`` (1 + N, C) and ``text_states``, a list of ``(l, D)`` without
        padding, see :func:`evaluation_samples`.

        Raises:
            ValueError: if the batch is not one of an evaluation.
        """
        images = self.encode_image_tokens(batch.images, batch.features).cpu()
        texts = self.encode_text_tokens(batch.token_ids, batch.token_mask, batch.text_features)
        lengths = texts.mask.sum(dim=1).tolist()
        rows = zip(texts.tokens.cpu(), lengths, strict=True)
        states = [tokens[:length] for tokens, length in rows]
        return evaluation_samples(batch, 'states', images, states)

    def encoders_digest(self) -> bytes:
        """SHA-256 of the weights of both encoders: who reads their states depends on these."""
        parts = {'image': self.image_encoder, 'text': self.text_encoder}
        weights = {
            f'{name}.{key}': value
            for name, part in parts.items()
            for key, value in part.state_dict().items()
        }
        return bytes.fromhex(hash_tensors(weights))

    def _check_widths(self) -> None:
        if not getattr(self.image_encoder, 'with_tokens', True):
            raise ValueError('a text reads the tokens of an image: set with_tokens=True')
        for name, wanted in (('image', 'image_dim'), ('text', 'dim')):
            width = getattr(getattr(self, f'{name}_encoder'), 'width', None)
            size = getattr(self.fusion_encoder, wanted)
            if width not in (None, size):
                raise ValueError(
                    f'{name}_encoder gives vectors of {width} and fusion_encoder has '
                    f'{wanted}={size}: make them equal'
                )
