"""The two towers of CLIP, as open_clip builds them, without its logits."""

import difflib
from collections.abc import Mapping
from copy import deepcopy
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pir_mm.files.extras import import_extra
from pir_mm.registry import MODELS

SMALLEST = dict(layers=1, width=64, head_width=64, patch_size=8, image_size=8)
"""``vision_cfg`` of an image tower that is thrown away."""
SEQUENCE_POOLS = ('argmax', 'eos')
"""Ways to pool a text that look for its last token, wherever the padding begins."""


def open_clip(part: str = '') -> ModuleType:
    """The library, or a module of it, imported when the first CLIP is built."""
    return import_extra(f'open_clip{part}', 'clip', 'CLIP needs')


def clip_config(arch: str | Mapping[str, Any]) -> dict[str, Any]:
    """open_clip's config of an architecture, made so that building it downloads nothing.

    Args:
        arch: a name of open_clip such as ``'ViT-B-32'``, or its ``embed_dim``, ``vision_cfg``,
            ``text_cfg`` and, optionally, ``quick_gelu``.

    Raises:
        ValueError: if there is no such name, or the text tower is one of the Hugging Face hub.
    """
    if isinstance(arch, str):
        names = open_clip().list_models()
        if arch not in names:
            near = difflib.get_close_matches(arch, names, n=1)
            hint = f'did you mean {near[0]}?' if near else 'open_clip.list_models() lists them'
            raise ValueError(f'open_clip knows no architecture {arch!r}: {hint}')
        config = open_clip().get_model_config(arch)
    else:
        config = deepcopy(dict(arch))
    missing = [key for key in ('embed_dim', 'vision_cfg', 'text_cfg') if key not in config]
    if missing:
        raise ValueError(f'the architecture of a CLIP needs {", ".join(missing)}')
    vision, text = dict(config['vision_cfg']), dict(config['text_cfg'])
    if 'hf_model_name' in text:
        raise ValueError(
            f'the text tower of {arch!r} comes from the Hugging Face hub, which is not supported: '
            'choose an architecture with a text tower of open_clip'
        )
    if 'multimodal_cfg' in config:
        raise ValueError(f'{arch!r} has a decoder beside its two towers, which is not supported')
    if vision.get('timm_model_pretrained'):
        vision['timm_model_pretrained'] = False
    vision['output_tokens'] = text['output_tokens'] = False
    return dict(
        embed_dim=config['embed_dim'],
        vision_cfg=vision,
        text_cfg=text,
        quick_gelu=config.get('quick_gelu', False),
    )


def build_towers(arch: str | Mapping[str, Any]) -> tuple[nn.Module, 'CLIPTextTower']:
    """Image and text tower of an architecture, at random; see :func:`clip_config`."""
    clip = _built(clip_config(arch))
    return clip.visual, CLIPTextTower(clip.text)


def build_text_tower(arch: str | Mapping[str, Any]) -> 'CLIPTextTower':
    """The text tower of an architecture alone, at random."""
    config = clip_config(arch)  # open_clip builds no text tower without an image tower beside it
    return CLIPTextTower(_built({**config, 'vision_cfg': SMALLEST}).text)


def _built(config: dict[str, Any]) -> nn.Module:
    clip = open_clip().CustomTextCLIP(**config)
    for module in clip.modules():
        # torch's attention copies its weights in bfloat16 if the batch comes first: a factor of 4
        if hasattr(module, 'batch_first'):
            module.batch_first = False
    return clip


class CLIPTextTower(nn.Module):
    """open_clip's text tower, which does not compute padding where nothing depends on it.

    A causal tower that reads out the end-of-text token gives the same for a text with and without
    padding behind it, so a batch is as long as its longest text and not always 77 tokens.

    Args:
        tower: ``open_clip``'s ``TextTransformer``.

    Shape:
        - token_ids: ``(M, L)``, ``L`` up to ``max_positions``
        - output: ``(M, D)``, not normalised
    """

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower
        self.vocab_size: int = tower.vocab_size
        self.max_positions: int = tower.context_length

    def forward(self, token_ids: Tensor) -> Tensor:
        missing = self.max_positions - token_ids.size(1)
        if missing < 0:
            raise ValueError(
                f'texts of {token_ids.size(1)} tokens, and this CLIP has {self.max_positions} '
                f'positions: set max_tokens={self.max_positions} of its tokenizer'
            )
        tower, length = self.tower, token_ids.size(1)
        if torch.onnx.is_in_onnx_export():  # a trace of its attention writes the length down
            padded = F.pad(token_ids, (0, self.max_positions), value=tower.pad_id)
            return tower(padded[:, : self.max_positions])
        if not (missing and self._pads_for_nothing()):
            return tower(F.pad(token_ids, (0, missing), value=tower.pad_id))
        tokens = tower.token_embedding(token_ids) + tower.positional_embedding[:length]
        tokens = tower.transformer(tokens, attn_mask=tower.attn_mask[:length, :length])
        row = torch.arange(tokens.size(0), device=tokens.device)  # a length that a trace follows
        pooled = tower.ln_final(tokens)[row, self._last_token(token_ids)]
        projection = tower.text_projection
        if projection is None:
            return pooled
        return projection(pooled) if isinstance(projection, nn.Linear) else pooled @ projection

    def _pads_for_nothing(self) -> bool:
        tower = self.tower
        causal = tower.attn_mask is not None and tower.cls_emb is None and not tower.use_pad_mask
        return causal and tower.pool_type in SEQUENCE_POOLS

    def _last_token(self, token_ids: Tensor) -> Tensor:
        if self.tower.pool_type == 'argmax':  # CLIP's end of text has the highest id
            return token_ids.argmax(dim=-1)
        return (token_ids == self.tower.eos_id).int().argmax(dim=-1)


@MODELS.register_module()
def clip_resnet(
    layers: tuple[int, ...] = (3, 4, 6, 3),
    width: int = 64,
    dim: int = 512,
    heads: int = 32,
    img_size: int = 224,
) -> nn.Module:
    """CLIP's ResNet with an attention pool, a backbone that ends in one vector ``(B, dim)``.

    The instruction encoder of PIR-CLIP: the defaults are its RN50. As mmpretrain's backbones it
    gives a tuple, whose last element counts.

    Args:
        layers: blocks of each stage.
        width: of the first stage.
        dim: of the vector.
        heads: of the attention pool, which divide ``32 * width``.
        img_size: height and width of its images, a multiple of 32.
    """
    library = open_clip('.modified_resnet')

    class CLIPResNet(library.ModifiedResNet):
        def forward(self, images: Tensor) -> tuple[Tensor]:
            return (super().forward(images),)

    return CLIPResNet(list(layers), dim, heads, img_size, width)
