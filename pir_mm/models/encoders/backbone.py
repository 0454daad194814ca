"""Any backbone as a source of one pooled vector and, where it has them, tokens."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from pir_mm.files.fitting import load_whole
from pir_mm.files.weights import read_weights, under_prefix
from pir_mm.models.converters.swin import is_microsoft_swin, swin_to_mmpretrain
from pir_mm.models.encoders.frozen_part import FrozenPart
from pir_mm.models.encoders.map_statistics import MapStatistics
from pir_mm.registry import MODELS

SIZE = 224
"""Height and width of the image that a backbone is tried with if its config gives none."""
# Tensors that a file may lack, because the backbone computes them.
COMPUTED = ('*relative_position_index', '*relative_coords_table', '*attn_mask', '*batches_tracked')
# Tensors that a file may have in addition: the same, and a classifier on top of the backbone.
EXTRA = (*COMPUTED, 'head.*', 'fc.*', 'classifier.*', 'neck.*', 'data_preprocessor.*')


def build_backbone(cfg: dict, with_tokens: bool = False) -> tuple[nn.Module, int]:
    """Build a backbone and find the width of its last output.

    The width comes from a forward on the ``meta`` device, which computes nothing. A backbone that
    cannot run there gets one black image instead.

    Args:
        cfg: config of the backbone. Its ``img_size``, or 224 pixels, is the size of that image.
        with_tokens: whether the backbone must give tokens.

    Returns:
        The backbone, in training mode, and its width.

    Raises:
        ValueError: as in :func:`read_out`, or if the backbone gives no tokens and must. The
            message says which setting of the backbone to change.
    """
    backbone = MODELS.build(cfg)
    backbone.eval()
    pooled, tokens = read_out(backbone, _trial_output(backbone, image_size(cfg)))
    backbone.train()
    if with_tokens and tokens is None:
        raise ValueError(
            f'{type(backbone).__name__} ends in one vector per image {tuple(pooled.shape)}, which '
            f'leaves no tokens: {_advice(backbone)}, or `with_tokens=False` in the config of its '
            'encoder if no part of the model uses tokens'
        )
    return backbone, pooled.size(-1)


def image_size(cfg: dict) -> int | tuple[int, int]:
    """Height and width of the images that a backbone of this config is tried with."""
    return cfg.get('img_size', SIZE)


def channels_last(images: Tensor) -> Tensor:
    """Images in the layout that is a quarter faster on a CPU.

    Only where no backward follows: on a CPU it corrupts memory (torch 2.11).
    """
    return images.detach().contiguous(memory_format=torch.channels_last)


def resize(images: Tensor, size: int) -> Tensor:
    """Images ``(B, 3, H, W)`` as squares of ``size`` pixels, smoothed where they get smaller."""
    if images.shape[-2:] == (size, size):
        return images
    return F.interpolate(images, (size, size), mode='bilinear', antialias=True, align_corners=False)


def freeze_backbone(
    backbone: nn.Module, last: str | bool, size: int | tuple[int, int] = SIZE
) -> FrozenPart:
    """Freeze a backbone up to one of its modules, see :class:`FrozenPart`.

    Args:
        backbone: the module.
        last: dotted name of the last frozen module, or ``True`` for all.
        size: height and width of the images that it takes.
    """
    was_training = backbone.training
    backbone.eval()
    part = FrozenPart(backbone, last, lambda: _trial_output(backbone, size))
    backbone.train(was_training)
    part.eval()
    return part


def map_statistics(
    backbone: nn.Module, names: Sequence[str], size: int | tuple[int, int] = SIZE
) -> MapStatistics:
    """Statistics of inner maps of a backbone, see :class:`MapStatistics`."""
    was_training = backbone.training
    backbone.eval()
    statistics = MapStatistics(backbone, names, lambda: _trial_output(backbone, size))
    backbone.train(was_training)
    return statistics


def read_out(
    backbone: nn.Module, output: Tensor | tuple[Tensor, ...]
) -> tuple[Tensor, Tensor | None]:
    """Pooled vector and tokens of a backbone's last output.

    ====================  =======================  ===================================
    last output           pooled                   tokens
    ====================  =======================  ===================================
    map (B, C, H, W)      mean over the map        its ``H * W`` cells, row by row
    sequence (B, 1+N, C)  class token, the first   all that are not class or register
    vector (B, C)         the vector itself        ``None``
    ====================  =======================  ===================================

    A sequence comes from a transformer that has a class token. A vector comes from global pooling
    or from an attention pool. A map of timm may have its channels last.

    Args:
        backbone: the module. Its attributes show the layout of its output.
        output: what its forward returned. The last element of a tuple or list is read.

    Returns:
        pooled ``(B, C)``, and tokens ``(B, N, C)`` or ``None``.

    Raises:
        ValueError: for any other output. The message says which setting of the backbone to change.
    """
    last = output[-1] if isinstance(output, list | tuple) else output
    axes = last.dim() if isinstance(last, Tensor) else 0
    model = getattr(backbone, 'timm_model', backbone)
    if axes == 4:
        channels_last = getattr(model, 'output_fmt', 'NCHW') == 'NHWC'
        tokens = last.flatten(1, 2) if channels_last else last.flatten(2).transpose(1, 2)
        return tokens.mean(dim=1), tokens
    extra = getattr(model, 'num_extra_tokens', getattr(model, 'num_prefix_tokens', 0))
    if axes == 3 and extra:
        return last[:, 0], last[:, extra:]
    if axes == 2:
        return last, None
    found = tuple(last.shape) if isinstance(last, Tensor) else type(last).__name__
    raise ValueError(
        f'{type(backbone).__name__} ends in {found}, wanted a map (B, C, H, W), a sequence '
        f'(B, 1 + N, C) with a class token, or a vector (B, C): {_advice(backbone)}'
    )


def load_backbone(backbone: nn.Module, path: str, part: str, option: str | None = None) -> None:
    """Load a backbone's weights from a file, all of them or none.

    The file has the backbone's own names, with or without ``backbone.`` in front. For a Swin
    Transformer it may also be a file of Microsoft's.

    Args:
        backbone: the module to fill.
        path: of the weight file.
        part: name of the encoder in the model, for error messages.
        option: key of the config that names the file, for error messages; by default
            ``model.PART.init``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file lacks a tensor of the backbone or has others.
    """
    try:
        weights = read_weights(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{error}: put it there, or start without it by '
            f'`--cfg-options {option or f"model.{part}.init"}=random`'
        ) from None
    weights = under_prefix(weights, 'backbone.') or weights
    if is_microsoft_swin(weights):
        weights = swin_to_mmpretrain(weights)
    load_whole(backbone, weights, path, part, COMPUTED, EXTRA, option)


def _trial_output(backbone: nn.Module, size: int | tuple[int, int]) -> Tensor | tuple[Tensor, ...]:
    shape = (1, 3, size, size) if isinstance(size, int) else (1, 3, *size)
    state = {**dict(backbone.named_parameters()), **dict(backbone.named_buffers())}
    on_meta = {name: torch.empty_like(value, device='meta') for name, value in state.items()}
    with torch.no_grad():
        try:
            return functional_call(backbone, on_meta, (torch.empty(shape, device='meta'),))
        except (RuntimeError, NotImplementedError):
            return backbone(torch.zeros(shape))


def _advice(backbone: nn.Module) -> str:
    for name in ('gap_before_final_norm', 'gap_before_output'):
        if getattr(backbone, name, False):
            return f'set `{name}=False` in its config'
    if hasattr(backbone, 'out_type'):
        return "set `out_type='raw'` (with a class token) or `out_type='featmap'` in its config"
    return 'choose other `out_indices` or another backbone'
