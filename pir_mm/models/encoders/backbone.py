"""Any backbone of mmpretrain as a source of one global and several local vectors."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pir_mm.files.weights import load_whole, read_weights, under_prefix
from pir_mm.models.converters.microsoft_swin import is_microsoft_swin, swin_to_mmpretrain
from pir_mm.registry import MODELS

# Rebuilt by the backbone itself, or a classifier on top of it.
COMPUTED = ('*relative_position_index', '*relative_coords_table', '*attn_mask', '*batches_tracked')
ON_TOP = (*COMPUTED, 'head.*', 'fc.*', 'classifier.*', 'neck.*', 'data_preprocessor.*')


def build_backbone(cfg: dict) -> tuple[nn.Module, int]:
    """Build a backbone and find the width of its last output.

    The width comes from a forward on the ``meta`` device, which computes nothing; backbones
    that cannot do that see one black picture.

    Raises:
        ValueError: if the last output is neither a map nor a sequence with a class token.
    """
    backbone = MODELS.build(cfg)
    size = cfg.get('img_size', 224)
    shape = (1, 3, size, size) if isinstance(size, int) else (1, 3, *size)
    backbone.eval()
    state = {**dict(backbone.named_parameters()), **dict(backbone.named_buffers())}
    on_meta = {name: torch.empty_like(value, device='meta') for name, value in state.items()}
    with torch.no_grad():
        try:
            output = functional_call(backbone, on_meta, (torch.empty(shape, device='meta'),))
        except (RuntimeError, NotImplementedError):
            output = backbone(torch.zeros(shape))
    backbone.train()
    return backbone, read_out(backbone, output)[0].size(-1)


def read_out(backbone: nn.Module, output: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Global and local vectors of a backbone's last output.

    A map ``(B, C, H, W)`` gives its mean and its ``H * W`` cells row by row; a sequence
    ``(B, 1 + N, C)`` of a transformer gives its class token and the others.

    Returns:
        pooled ``(B, C)`` and tokens ``(B, N, C)``.

    Raises:
        ValueError: for any other output, naming the setting of the backbone to change.
    """
    last = output[-1] if isinstance(output, list | tuple) else output
    model = getattr(backbone, 'timm_model', backbone)
    if isinstance(last, Tensor) and last.dim() == 4:
        channels_last = getattr(model, 'output_fmt', 'NCHW') == 'NHWC'
        tokens = last.flatten(1, 2) if channels_last else last.flatten(2).transpose(1, 2)
        return tokens.mean(dim=1), tokens
    extra = getattr(model, 'num_extra_tokens', getattr(model, 'num_prefix_tokens', 0))
    if isinstance(last, Tensor) and last.dim() == 3 and extra:
        return last[:, 0], last[:, extra:]
    given = tuple(last.shape) if isinstance(last, Tensor) else type(last).__name__
    raise ValueError(
        f'{type(backbone).__name__} ends in {given}, wanted a map (B, C, H, W) or a sequence '
        f'(B, 1 + N, C) with a class token: {_advice(backbone)}'
    )


def load_backbone(backbone: nn.Module, path: str, part: str, option: str | None = None) -> None:
    """Load a file with the backbone's own names, bare or below ``backbone.``.

    A Swin Transformer also takes Microsoft's own files. ``part`` and ``option`` are for messages,
    as in :func:`load_whole`.

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if it does not hold every tensor of the backbone.
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
    load_whole(backbone, weights, path, part, COMPUTED, ON_TOP, option)


def _advice(backbone: nn.Module) -> str:
    for name in ('gap_before_final_norm', 'gap_before_output'):
        if getattr(backbone, name, False):
            return f'set `{name}=False` in its config'
    if hasattr(backbone, 'out_type'):
        return "set `out_type='raw'` (with a class token) or `out_type='featmap'` in its config"
    return 'take another `out_indices`, or another backbone'
