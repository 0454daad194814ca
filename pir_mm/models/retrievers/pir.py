"""Retrieval of remote sensing images and texts by a prior instruction representation."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from pir_mm.files.fitting import load_whole
from pir_mm.files.weights import named_tensors, read_checkpoint
from pir_mm.models.encoders.backbone import channels_last
from pir_mm.models.retrievers.dual_encoder import DualEncoder, build_part
from pir_mm.models.retrievers.retriever import given_features
from pir_mm.registry import MODELS

ADDED = (
    'instruction_encoder.*', 'spatial_pae.*', 'temporal_pae.*', 'join_*.local.*',
    'head.temperatures.*',
)  # fmt: skip
"""Tensors that an earlier stage may not have."""


@MODELS.register_module()
class PIR(DualEncoder):
    """Two encoders whose global vectors are completed by instructed local ones.

    Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023. A frozen scene classifier gives an instruction. The image tokens that
    it believes in are encoded under the instruction; the text tokens are encoded progressively by
    themselves. The first token of each result completes the global vector. As in the authors'
    code the selector chooses among the global vector and all tokens.

    Leaving parts out makes the ablations. Without ``spatial_pae`` and ``temporal_pae`` it is the
    baseline: two encoders and nothing else. A :class:`SelfAttentionStack` in place of either
    follows no instruction.

    Args:
        image_encoder: images to a global vector and tokens.
        text_encoder: token ids and mask to a global vector and tokens.
        head: losses of the embeddings.
        embedding: joins a global and a local vector to an embedding. It is built once per side,
            and is told by ``local`` whether the side has a local vector.
        tokenizer: texts to token ids and mask.
        instruction_encoder: images to instructions.
        selector: chooses or weighs the image tokens by the instruction; without it all are taken.
        spatial_pae: encodes the image tokens under the instruction, or without one if the part
            says so by ``instructed = False``.
        temporal_pae: encodes the text tokens.
        init: checkpoint of an earlier stage, which every tensor of it must fit, or ``'random'``.
            What this stage adds starts as without it: the prior, the progressive encoders, the
            layers that join what these give, temperatures.
        text_only: whether to leave out what only images need, for a search by sentences.
        data_preprocessor, text_groups, chunk: as in :class:`DualEncoder`.

    Raises:
        ValueError: if a part is given that has no effect without another one, or ``init`` does not
            fit.
    """

    image_side = (
        'image_encoder.', 'instruction_encoder.', 'selector.', 'spatial_pae.', 'join_image.',
    )  # fmt: skip

    def __init__(
        self,
        image_encoder: dict,
        text_encoder: dict,
        head: dict,
        embedding: dict | None = None,
        tokenizer: dict | None = None,
        instruction_encoder: dict | None = None,
        selector: dict | None = None,
        spatial_pae: dict | None = None,
        temporal_pae: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
        chunk: int | None = None,
        init: str = 'random',
        text_only: bool = False,
    ) -> None:
        super().__init__(head, tokenizer, data_preprocessor, text_groups, init_cfg, chunk)
        embedding = embedding or {'type': 'pir_mm.JoinedEmbedding'}
        self.init = init
        self.text_only = text_only
        if not text_only:
            self.join_image = MODELS.build({**embedding, 'local': spatial_pae is not None})
        self.join_text = MODELS.build({**embedding, 'local': temporal_pae is not None})
        if not text_only:
            self.image_encoder = MODELS.build(image_encoder)
        self.text_encoder = MODELS.build(text_encoder)
        if not text_only:
            self.instruction_encoder = build_part(instruction_encoder)
            self.selector = build_part(selector)
            self.spatial_pae = build_part(spatial_pae)
        self.temporal_pae = build_part(temporal_pae)
        if not text_only:
            self._check_parts()

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            weights = named_tensors(read_checkpoint(self.init), self.init)
            load_whole(self, weights, self.init, 'this model', ADDED, option='model.init')

    @property
    def image_parts(self) -> tuple[str, ...]:
        with_prior = self.instruction_encoder is not None
        return ('image_encoder', 'instruction_encoder') if with_prior else ('image_encoder',)

    @property
    def text_parts(self) -> tuple[str, ...]:
        return ('text_encoder',)

    def encode_image(
        self, images: Tensor | None, features: Mapping[str, Sequence[Tensor]] | None = None
    ) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised images ``(B, 3, H, W)``.

        ``features`` stand for the images where the name of an encoder is among them.
        """
        if images is not None and not torch.is_grad_enabled():
            images = channels_last(images)
        pooled, tokens = self.image_encoder(images, *given_features(features, 'image_encoder'))
        if self.spatial_pae is None:
            return self.join_image(pooled)
        tokens = torch.cat([pooled.unsqueeze(dim=1), tokens], dim=1)
        if self.instruction_encoder is None:
            local = self.spatial_pae(tokens)
        else:
            instruction = self.instruction_encoder(
                images, *given_features(features, 'instruction_encoder')
            )
            if self.selector is not None:
                tokens = self.selector(tokens, instruction)
            local = self.spatial_pae(tokens, instruction)
        return self.join_image(pooled, local[:, 0])

    def encode_text(
        self, token_ids: Tensor, token_mask: Tensor, features: Tensor | None = None
    ) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0.

        ``features`` ``(M, L, C)`` are what a frozen text encoder gave for these texts.
        """
        if token_ids.size(1) == 0:  # no text gives no length either, yet a first token is read
            token_ids, token_mask = (t.new_zeros(len(t), 1) for t in (token_ids, token_mask))
        given = () if features is None else (features,)
        pooled, tokens = self.text_encoder(token_ids, token_mask, *given)
        if self.temporal_pae is None:
            return self.join_text(pooled)
        return self.join_text(pooled, self.temporal_pae(tokens, token_mask)[:, 0])

    def _check_parts(self) -> None:
        if self.spatial_pae is not None and not getattr(self.image_encoder, 'with_tokens', True):
            raise ValueError(
                'spatial_pae encodes tokens, and image_encoder gives none: set with_tokens=True'
            )
        self.check_padding()
        follows = self.spatial_pae is not None and getattr(self.spatial_pae, 'instructed', True)
        if self.instruction_encoder is None:
            for name, wants in (('selector', self.selector is not None), ('spatial_pae', follows)):
                if wants:
                    raise ValueError(f'{name} follows an instruction: add instruction_encoder')
        elif not follows:
            raise ValueError(
                'no embedding depends on instruction_encoder without spatial_pae that follows it: '
                'add a SpatialPAE, or set instruction_encoder=None and selector=None'
            )
