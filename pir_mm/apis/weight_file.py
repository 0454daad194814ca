"""Reading somebody else's weight file: the tensors, and what lies beside them."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pir_mm.registry import WEIGHT_INITIALIZERS

WRAPPERS = ('state_dict', 'model')
PLAIN = '.safetensors'
ADVICE = 'if you know who made it, --trust unpickles it, which runs whatever it holds'


@dataclass(frozen=True)
class WeightFile:
    """Tensors by name, the settings saved beside them, names of all else, and the file's hash."""

    weights: dict[str, Tensor]
    settings: dict[str, Any]
    beside: list[str]
    sha256: str


def read_weight_file(path: str | Path, trust: bool = False) -> WeightFile:
    """Read a weight file, with nothing of Python run unless it is trusted.

    The tensors may lie in ``state_dict``, in ``model`` or at the top; ``module.`` before all of
    their names is taken off. Settings and statistics of training code beside the weights are no
    hindrance.

    Args:
        path: of a torch or safetensors file.
        trust: unpickle it, which runs whatever code it holds.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read, holds no tensors, or holds something else among them.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'weight file {path} does not exist')
    content = _unpickled(path) if trust else _content(path)
    _check_sums(path)
    if not isinstance(content, Mapping):
        raise ValueError(f'{path} holds a {type(content).__name__}, no tensors by name')
    wrapper = next((key for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
    if wrapper is None:
        weights = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    else:
        weights = dict(content[wrapper])
    strange = [
        str(name)
        for name, value in weights.items()
        if not (isinstance(name, str) and isinstance(value, Tensor))
    ]
    if strange or not weights:
        fault = f'{", ".join(strange[:3])} among its tensors' if strange else 'no tensors by name'
        raise ValueError(f'{path} holds {fault}, wanted nothing but tensors')
    if all(name.startswith('module.') for name in weights):
        weights = {name.removeprefix('module.'): value for name, value in weights.items()}
    settings = content.get('config')
    beside = [str(name) for name in content if name != wrapper and name not in weights]
    return WeightFile(
        weights, dict(settings) if isinstance(settings, Mapping) else {}, beside, sha256_of(path)
    )


def sha256_of(path: Path) -> str:
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _check_sums(path: Path) -> None:
    """Torch writes a checksum beside each tensor and does not look at it again."""
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            changed = archive.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f'{path} is damaged: {error}') from error
    if changed:
        raise ValueError(
            f'{path} is damaged: {changed} in it has another checksum than when it was saved'
        )


def _content(path: Path) -> Any:
    return WEIGHT_INITIALIZERS.get('pir_mm.read_content')(path, ADVICE)


def _unpickled(path: Path) -> Any:
    if path.suffix == PLAIN:
        return _content(path)
    try:
        return torch.load(path, map_location='cpu', weights_only=False)
    except (OSError, ImportError):
        raise
    except Exception as error:  # there is no end to what a damaged file can raise
        raise ValueError(f'{path} cannot be read even when trusted: {error}') from error
