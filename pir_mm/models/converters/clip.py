"""Checkpoints of CLIP in open_clip's names, and of PIR-CLIP's authors (jaychempan/PIR-CLIP)."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.conversion import (
    Conversion,
    Piece,
    collect,
    count,
    drop,
    shape_of,
)

HEAD_WIDTH = 64
WIDER_HEADS = {1280: 80, 1408: 88, 1664: 104}
"""Width of a head of the image transformers H, g and G, by their width."""
VARIANTS = {
    'head': dict(rank='argsort', norm='token'),
    'legacy': dict(rank='none', norm='token'),
}
"""Settings of the soft belief strategy in the authors' current release and before it."""
DROPPED = {
    'made anew': ('attn_mask', 'text.attn_mask'),
    "notes of OpenAI's archives": ('input_resolution', 'context_length', 'vocab_size'),
}
TEXT_PARTS = (
    'positional_embedding',
    'text_projection',
    'token_embedding',
    'transformer',
    'ln_final',
)
PREFIXES = {
    'visual.': 'image_encoder.',
    'text.': 'text_encoder.tower.',
    'res_visual.': 'instruction_encoder.backbone.',
    'vision_proj_res.': 'instruction_encoder.projection.',
}
RESNETS, VIT_B, VIT_L = (32, 40, 48, 64), 768, 1024
QUICK_GELU = {
    'openai': (*RESNETS, VIT_B, VIT_L),
    'open-clip': (),
    'remoteclip': (*RESNETS, VIT_B, VIT_L),  # its evaluation loads them into OpenAI's models
    'georsclip': (VIT_B, VIT_L),  # from OpenAI's weights; H/14 is from LAION's
    'skyclip': (VIT_L,),  # from OpenAI's weights; B/32 is from LAION's
}
"""Widths of the first convolution of those models of a publisher that have OpenAI's activation."""
LEAST_TEMPERATURE = 0.01
"""CLIP clamps the factor of its similarities to 100."""


def is_pir_clip(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of PIR-CLIP's authors."""
    return 'vision_proj_res.weight' in weights and 'logit_scale' in weights


def is_open_clip(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of a CLIP of open_clip or OpenAI."""
    has_tower = any(name.startswith('visual.') for name in weights)
    return has_tower and 'logit_scale' in weights and not is_pir_clip(weights)


def from_pir_clip(weights: Mapping[str, Tensor], variant: str = 'head') -> Conversion:
    """Convert a whole checkpoint of PIR-CLIP for the ``CLIPRetriever`` that fits it.

    Args:
        weights: tensors by the authors' names.
        variant: of the soft belief strategy, a key of ``VARIANTS``; the weights do not show it.

    Raises:
        ValueError: if a tensor that gives a size is missing, or a weight is not part of PIR-CLIP.
    """
    kept, dropped = drop(weights, DROPPED)
    model = clip_model(kept, quick_gelu=False)
    prior = under_prefix(kept, 'res_visual.')
    width = shape_of(prior, 'conv3.weight', 4)[0]
    positions = shape_of(prior, 'attnpool.positional_embedding', 2)[0] - 1
    model |= dict(
        instruction_encoder=dict(
            type='pir_mm.InstructionEncoder',
            backbone=dict(
                type='pir_mm.clip_resnet',
                layers=tuple(count(prior, f'layer{stage}.') for stage in range(1, 5)),
                width=width,
                dim=shape_of(prior, 'attnpool.c_proj.weight', 2)[0],
                heads=32 * width // HEAD_WIDTH,
                img_size=32 * round(positions**0.5),
            ),
            dim=shape_of(kept, 'vision_proj_res.weight', 2)[0],
            trainable=('attnpool.*',),
        ),
        selector=dict(type='pir_mm.BeliefSelector', strategy='soft', **VARIANTS[variant]),
    )
    model['head']['losses']['affiliation'] = dict(
        type='pir_mm.AffiliationLoss', form='pir_clip', temperature='clip'
    )
    notes = [
        f'assumed: the soft belief strategy of the {variant} release; the weights do not show it, '
        'so test both and keep the one with the published recall'
    ]
    return collect(model, _pieces(kept), dropped, notes=notes)


def from_open_clip(
    weights: Mapping[str, Tensor], publisher: str = 'open-clip', arch: str | None = None
) -> Conversion:
    """Convert a CLIP with a Vision Transformer or CLIP's ResNet for ``CLIPRetriever``.

    The weights do not show which of two activations they were trained with.

    Args:
        weights: tensors by open_clip's names, those of either of its two classes.
        publisher: whose weights they are, which tells the activation, see ``QUICK_GELU``.
        arch: name of an architecture of open_clip, which tells it in place of the publisher.

    Raises:
        ValueError: if a tensor that gives a size is missing, or a weight is not part of such a
            model.
    """
    kept, dropped = drop(weights, DROPPED)
    if arch is not None:
        model = clip_model(kept, quick_gelu=False) | dict(arch=arch)
        return collect(model, _pieces(kept), dropped)
    width = shape_of(kept, 'visual.conv1.weight', 4)[0]
    quick_gelu = width in QUICK_GELU[publisher]
    activation = "OpenAI's activation (QuickGELU)" if quick_gelu else 'the usual activation (GELU)'
    notes = [
        f'assumed: {activation}, as {publisher} trained it; the weights do not show it, --arch '
        'names another'
    ]
    return collect(clip_model(kept, quick_gelu), _pieces(kept), dropped, notes=notes)


def clip_model(weights: Mapping[str, Tensor], quick_gelu: bool) -> dict:
    """Config of the :class:`pir_mm.models.CLIPRetriever` that has these shapes.

    Raises:
        ValueError: if a tensor that gives a size is missing.
    """
    text = under_prefix(weights, 'text.') or weights
    width = shape_of(text, 'ln_final.weight', 1)[0]
    vocabulary, _ = shape_of(text, 'token_embedding.weight', 2)
    positions = shape_of(text, 'positional_embedding', 2)[0]
    vision = _vision_config(under_prefix(weights, 'visual.'))
    return dict(
        type='pir_mm.CLIPRetriever',
        arch=dict(
            embed_dim=shape_of(text, 'text_projection', 2)[1],
            vision_cfg=vision,
            text_cfg=dict(
                context_length=positions,
                vocab_size=vocabulary,
                width=width,
                heads=_heads(width, 'ln_final.weight'),
                layers=count(text, 'transformer.resblocks.'),
            ),
            quick_gelu=quick_gelu,
        ),
        tokenizer=dict(type='pir_mm.CLIPTokenizer', max_tokens=positions),
        data_preprocessor=dict(
            type='pir_mm.PairPreprocessor',
            mean=[122.771, 116.746, 104.094],
            std=[68.501, 66.632, 70.323],
            to_rgb=True,
        ),
        head=dict(
            type='pir_mm.RetrievalHead',
            losses=dict(
                contrastive=dict(
                    type='pir_mm.ContrastiveLoss', positives='pair', temperature='clip'
                )
            ),
            temperatures=dict(clip=dict(init=0.07, limits=_limits(weights))),
        ),
    )


def _vision_config(visual: Mapping[str, Tensor]) -> dict:
    if 'layer1.0.conv1.weight' in visual:
        positions = shape_of(visual, 'attnpool.positional_embedding', 2)[0] - 1
        return dict(
            layers=[count(visual, f'layer{stage}.') for stage in range(1, 5)],
            width=shape_of(visual, 'conv3.weight', 4)[0],
            image_size=32 * round(positions**0.5),
        )
    width, _, patch, _ = shape_of(visual, 'conv1.weight', 4)
    positions = shape_of(visual, 'positional_embedding', 2)[0] - 1
    side = round(positions**0.5)
    if side**2 != positions:
        raise ValueError(
            f'visual.positional_embedding has {positions + 1} positions, wanted a class token and '
            'a square'
        )
    hidden = shape_of(visual, 'transformer.resblocks.0.mlp.c_fc.weight', 2)[0]
    return dict(
        image_size=side * patch,
        patch_size=patch,
        width=width,
        layers=count(visual, 'transformer.resblocks.'),
        head_width=WIDER_HEADS.get(width, HEAD_WIDTH),
        mlp_ratio=hidden / width,
    )


def _heads(width: int, name: str) -> int:
    if width % HEAD_WIDTH:
        raise ValueError(f'{name} is {width} wide, wanted a multiple of {HEAD_WIDTH}')
    return width // HEAD_WIDTH


def _limits(weights: Mapping[str, Tensor]) -> tuple[float, float]:
    value = _temperature(weights['logit_scale']).item()
    if not 0 < value < float('inf'):
        raise ValueError(f'logit_scale, the logarithm of a factor, gives the temperature {value:g}')
    return min(LEAST_TEMPERATURE, value), max(1.0, value)


def _temperature(logit_scale: Tensor) -> Tensor:
    return logit_scale.float().mean().neg().exp()


def _pieces(weights: Mapping[str, Tensor]) -> Iterator[Piece]:
    for name, value in weights.items():
        if name == 'logit_scale':
            yield Piece('head.temperatures.clip.value', _temperature(value), (name,))
        else:
            yield Piece(_our_name(name), value, (name,))


def _our_name(name: str) -> str:
    for prefix, ours in PREFIXES.items():
        if name.startswith(prefix):
            return ours + name.removeprefix(prefix)
    if name.partition('.')[0] in TEXT_PARTS:
        return f'text_encoder.tower.{name}'
    raise ValueError(f'{name} is not a weight of a CLIP: is this file from another model?')
