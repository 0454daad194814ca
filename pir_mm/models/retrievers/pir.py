"""Retrieval of remote sensing pictures and texts by a prior instruction representation."""

import torch
from torch import Tensor

from pir_mm.models.retrievers.dual_encoder import BaseRetriever
from pir_mm.registry import MODELS


@MODELS.register_module()
class PIR(BaseRetriever):
    """Two encoders whose global vectors are completed by instructed local ones.

    Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023. A frozen scene classifier gives an instruction; the tokens of a
    picture that it believes in are encoded under it, those of a text progressively by
    themselves; the first token of each result completes the global vector. As in the authors'
    code the candidates of the choice are the global vector and all tokens.

    Parts left out make the ablations; without ``spatial_pae`` and ``temporal_pae`` it is the
    baseline, two encoders and nothing else. A :class:`SelfAttentionStack` in the place of either
    follows no instruction.

    Args:
        image_encoder: pictures to global vector and tokens.
        text_encoder: token ids and mask to global vector and tokens.
        head: vectors to embeddings, embeddings to losses. It is told by ``image_local`` and
            ``text_local`` which sides have a local vector.
        tokenizer: texts to token ids and mask; built when the first text comes.
        instruction_encoder: pictures to instructions.
        selector: chooses or weighs tokens by the instruction; without it all are taken.
        spatial_pae: encodes the tokens of a picture under its instruction, or without one if the
            part says so by ``instructed = False``.
        temporal_pae: encodes the tokens of a text.
        data_preprocessor: makes the model's input of a batch.
        text_groups: as in :class:`BaseRetriever`.

    Raises:
        ValueError: if a part is given that is of no use without another.
    """

    def __init__(
        self,
        image_encoder: dict,
        text_encoder: dict,
        head: dict,
        tokenizer: dict | None = None,
        instruction_encoder: dict | None = None,
        selector: dict | None = None,
        spatial_pae: dict | None = None,
        temporal_pae: dict | None = None,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        local = {'image_local': spatial_pae is not None, 'text_local': temporal_pae is not None}
        super().__init__({**head, **local}, tokenizer, data_preprocessor, text_groups, init_cfg)
        self.image_encoder = MODELS.build(image_encoder)
        self.text_encoder = MODELS.build(text_encoder)
        self.instruction_encoder = _build(instruction_encoder)
        self.selector = _build(selector)
        self.spatial_pae = _build(spatial_pae)
        self.temporal_pae = _build(temporal_pae)
        self._check_instruction()

    def encode_image(self, images: Tensor) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised pictures ``(B, 3, H, W)``."""
        if not torch.is_grad_enabled():
            # A quarter faster on a CPU; backward through it corrupts memory there (torch 2.11).
            images = images.contiguous(memory_format=torch.channels_last)
        pooled, tokens = self.image_encoder(images)
        if self.spatial_pae is None:
            return self.head.embed_image(pooled)
        tokens = torch.cat([pooled.unsqueeze(dim=1), tokens], dim=1)
        if self.instruction_encoder is None:
            local = self.spatial_pae(tokens)
        else:
            instruction = self.instruction_encoder(images)
            if self.selector is not None:
                tokens = self.selector(tokens, instruction)
            local = self.spatial_pae(tokens, instruction)
        return self.head.embed_image(pooled, local[:, 0])

    def encode_text(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0."""
        if token_ids.size(1) == 0:  # no text gives no length either, yet a first token is read
            token_ids, token_mask = (t.new_zeros(len(t), 1) for t in (token_ids, token_mask))
        pooled, tokens = self.text_encoder(token_ids, token_mask)
        if self.temporal_pae is None:
            return self.head.embed_text(pooled)
        return self.head.embed_text(pooled, self.temporal_pae(tokens, token_mask)[:, 0])

    def _check_instruction(self) -> None:
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


def _build(cfg: dict | None):
    return None if cfg is None else MODELS.build(cfg)
