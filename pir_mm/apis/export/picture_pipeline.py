"""The test pipeline of a config as an exported model runs it, without mmcv."""

from typing import Any

from torch import nn

from pir_mm.apis.search.picture_reading import test_pipeline
from pir_mm.deployment.picture_steps import INTERPOLATIONS
from pir_mm.files.pictures import MAX_PIXELS

DEFAULTS = {
    'Resize': {'scale': None, 'interpolation': 'bilinear'},
    'ResizeEdge': {'scale': None, 'edge': 'short', 'interpolation': 'bilinear'},
    'CenterCrop': {'crop_size': None},
}
"""Settings of each transform, and what they are where a config leaves them out."""
SILENT = {'backend': 'cv2', 'keep_ratio': False}
"""Settings that may be given if they are so."""


def exported_pipeline(model: nn.Module) -> dict[str, Any]:
    """The settings of :class:`pir_mm.deployment.picture_steps.PictureSteps`.

    Args:
        model: with its config.

    Raises:
        ValueError: if a transform, or a setting of it, is another than those known; or if the
            preprocessor does more than to normalise.
    """
    load = {'max_pixels': MAX_PIXELS, 'min_side': None}
    steps = []
    for transform in test_pipeline(model):
        name = transform['type'].rpartition('.')[2]
        given = {key: value for key, value in transform.items() if key != 'type'}
        if name == 'LoadPicture':
            load |= given
        elif name in DEFAULTS:
            steps.append({'type': name, **_settings(name, given)})
        elif name not in ('PackInputs', 'LoadImageFromFile'):
            raise ValueError(
                f'the transform {name} of the test pipeline cannot be exported: use '
                f'{", ".join(DEFAULTS)}'
            )
    preprocessor = model.data_preprocessor
    if getattr(preprocessor, 'batch_augments', None) or preprocessor.pad_size_divisor > 1:
        raise ValueError('a data_preprocessor that pads or augments cannot be exported')
    colours = {
        name: getattr(preprocessor, name).flatten().tolist() for name in ('mean', 'std')
    } if preprocessor._enable_normalize else {'mean': [0.0] * 3, 'std': [1.0] * 3}  # fmt: skip
    return {'steps': steps, **colours, 'to_rgb': bool(preprocessor.to_rgb), **load}


def _settings(name: str, given: dict[str, Any]) -> dict[str, Any]:
    settings = {**DEFAULTS[name], **given}
    for key, value in SILENT.items():
        if settings.pop(key, value) != value:
            raise ValueError(f'{name} with {key}={given[key]!r} cannot be exported')
    odd = sorted(settings.keys() - DEFAULTS[name].keys())
    if odd or settings.get('interpolation', 'area') not in INTERPOLATIONS:
        raise ValueError(f'{name} with {odd or settings["interpolation"]!r} cannot be exported')
    for key in ('scale', 'crop_size'):
        value = settings.get(key)
        if name != 'ResizeEdge' and value is not None:
            settings[key] = [value, value] if isinstance(value, int) else list(value)
    return settings
