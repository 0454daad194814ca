"""The table of layouts: the weights of other projects that can be converted."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from pir_mm.files.names import first_few
from pir_mm.models.converters.bert import from_hf_bert, is_bert
from pir_mm.models.converters.clip import from_open_clip, from_pir_clip, is_open_clip, is_pir_clip
from pir_mm.models.converters.conversion import Conversion
from pir_mm.models.converters.efficientnet import from_efficientnet_lite, is_efficientnet_lite
from pir_mm.models.converters.pir_itr import from_pir_itr, is_pir_itr
from pir_mm.models.converters.swin import (
    from_microsoft_swin,
    from_timm_swin,
    is_microsoft_swin,
    is_timm_swin,
)
from pir_mm.models.converters.torchvision import (
    from_rsp_aid,
    from_torchvision_resnet,
    from_torchvision_vgg,
    is_torchvision_resnet,
    is_torchvision_vgg,
)
from pir_mm.models.converters.vit import from_timm_vit, is_timm_vit

# How a file is recognised by its names. The first match counts: timm's Swin also fits Microsoft's.
_FAMILIES = {
    'PIR-ITR': is_pir_itr,
    'PIR-CLIP': is_pir_clip,
    'CLIP': is_open_clip,
    'BERT': is_bert,
    'EfficientNet-Lite': is_efficientnet_lite,
    "timm's Swin Transformer": is_timm_swin,
    "Microsoft's Swin Transformer": is_microsoft_swin,
    "timm's Vision Transformer": is_timm_vit,
    'ResNet': is_torchvision_resnet,
    'VGG': is_torchvision_vgg,
}
# For each layout, the families that it takes and how each is converted.
LAYOUTS = {
    'microsoft-swin': {"Microsoft's Swin Transformer": from_microsoft_swin},
    'timm-swin': {"timm's Swin Transformer": from_timm_swin},
    'timm-vit': {"timm's Vision Transformer": from_timm_vit},
    'hf-bert': {'BERT': from_hf_bert},
    'torchvision': {'ResNet': from_torchvision_resnet, 'VGG': from_torchvision_vgg},
    'efficientnet-lite': {'EfficientNet-Lite': from_efficientnet_lite},
    'rsp-aid': {'ResNet': from_rsp_aid},
    'pir-itr': {'PIR-ITR': from_pir_itr},
    'pir-clip': {'PIR-CLIP': from_pir_clip},
    'openai': {'CLIP': partial(from_open_clip, publisher='openai')},
    'open-clip': {'CLIP': partial(from_open_clip, publisher='open-clip')},
    'remoteclip': {'CLIP': partial(from_open_clip, publisher='remoteclip')},
    'georsclip': {'CLIP': partial(from_open_clip, publisher='georsclip')},
    'skyclip': {'CLIP': partial(from_open_clip, publisher='skyclip')},
}
RETRIEVERS = ('pir-itr', 'pir-clip', 'openai', 'open-clip', 'remoteclip', 'georsclip', 'skyclip')
"""Layouts of whole retrievers, which get a config beside their weights."""
OPTIONS = {
    'bert_heads': ('--bert-heads', ('hf-bert', 'pir-itr')),
    'variant': ('--variant', ('pir-clip',)),
    'arch': ('--arch', RETRIEVERS[2:]),
}
"""What the weights of some layouts do not show, by the name of the option and its layouts."""


def convert_weights(
    layout: str,
    weights: Mapping[str, Tensor],
    settings: Mapping[str, Any],
    **options: Any,
) -> Conversion:
    """Convert weights of a given layout.

    Args:
        layout: one of ``LAYOUTS``.
        weights: tensors by their names in the file.
        settings: the config that was saved beside them. Only ``pir-itr`` reads it.
        options: what the weights do not show, see :data:`OPTIONS`; ``None`` is the default.

    Raises:
        ValueError: if the layout is unknown or has no such option, or the names belong to another
            layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f'layout {layout!r} is unknown, wanted one of {", ".join(LAYOUTS)}')
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        flag, layouts = OPTIONS[name]
        if layout not in layouts:
            raise ValueError(f'{flag} is for {" and ".join(layouts)}, not for {layout}')
    family = next((name for name, fits in _FAMILIES.items() if fits(weights)), None)
    if family not in LAYOUTS[layout]:
        wanted = ' or '.join(LAYOUTS[layout])
        raise ValueError(f'the layout {layout} is for {wanted}, but {_described(family, weights)}')
    if layout == 'pir-itr':
        given['settings'] = settings
    if 'bert_heads' in given:
        given['heads'] = given.pop('bert_heads')
    return LAYOUTS[layout][family](weights, **given)


def _described(family: str | None, weights: Mapping[str, Tensor]) -> str:
    if family is None:
        return f'these names belong to no known layout: {first_few(list(weights))}'
    layouts = ' or '.join(name for name, families in LAYOUTS.items() if family in families)
    return f'these names are those of {family}: take the layout {layouts}'
