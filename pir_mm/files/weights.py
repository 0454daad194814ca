"""Weight files: read safely, named, and loaded whole or refused."""

import hashlib
import re
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pir_mm.files.names import first_few


class _Skipped:
    """Stands for an object beside the weights: whatever is asked of it, it does nothing."""

    def __init__(self, *_args) -> None:
        pass

    def __setstate__(self, _state) -> None:
        pass


class _SkippedMapping:
    """The same for one that is filled like a dict, which must be one for the safe reader."""

    def __new__(cls, *_args) -> OrderedDict:
        return OrderedDict()


# Training files keep their settings and statistics beside the weights; none of it is wanted.
_BESIDE_WEIGHTS = {
    'argparse.Namespace': _Skipped,
    'builtins.getattr': _Skipped,
    'pathlib.PosixPath': _Skipped,
    'pathlib.WindowsPath': _Skipped,
    'torch.torch_version.TorchVersion': _Skipped,
    'mmengine.logging.history_buffer.HistoryBuffer': _Skipped,
    'numpy.dtype': _Skipped,
    'numpy.ndarray': _Skipped,
    'numpy._core.multiarray._reconstruct': _Skipped,
    'numpy._core.multiarray.scalar': _Skipped,
    'numpy.core.multiarray._reconstruct': _Skipped,
    'numpy.core.multiarray.scalar': _Skipped,
    'easydict.EasyDict': _SkippedMapping,
    'mmengine.config.config.ConfigDict': _SkippedMapping,
    'yacs.config.CfgNode': _SkippedMapping,
}


def read_content(path: str | Path, advice: str = 'save its tensors alone') -> Any:
    """All that lies in a weight file, with nothing of Python run (``weights_only=True``).

    Reads ``.safetensors`` and torch files. What training code is known to leave beside the
    weights is read if it is plain, and replaced by something empty if it is an object.

    Args:
        path: of the file.
        advice: what to do about a file with other objects, for the message.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or holds an object that is not known to be harmless.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'weight file {path} does not exist')
    if path.suffix == '.safetensors':
        try:
            return load_file(path)
        except SafetensorError as error:
            raise ValueError(f'{path} cannot be read as weights: {error}') from error
    skipped = []
    for name, base in _BESIDE_WEIGHTS.items():
        module, _, leaf = name.rpartition('.')
        skipped.append(type(leaf, (base,), {'__module__': module}))
    try:
        with torch.serialization.safe_globals(skipped):
            return torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:  # there is no end to what a damaged file can raise
        raise ValueError(
            f'{path} cannot be read as weights: {_reason(str(error), advice)}'
        ) from error


def _reason(message: str, advice: str) -> str:
    """What torch says at length, and with advice that would run the file."""
    unknown = re.search(r'GLOBAL (\S+) w', message)
    if unknown:
        return (
            f'it holds {unknown[1]}, and objects of Python are not loaded because they could run '
            f'any code; {advice}'
        )
    if 'TorchScript' in message:
        return 'it is a program of TorchScript; save its state_dict() alone'
    return 'it is damaged, or no file of torch'


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, read by :func:`read_content`.

    They may lie in ``state_dict``, ``model`` or at the top.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be read safely or holds no tensors.
    """
    content = read_content(path)
    for key in ('state_dict', 'model'):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if isinstance(content, Mapping):
        tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
    raise ValueError(f'{path} holds no named tensors, neither at its top nor in `state_dict`')


def under_prefix(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names start with ``prefix``, without the prefix."""
    return {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}


def load_whole(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    source: str | Path,
    part: str,
    optional: Iterable[str] = (),
    surplus: Iterable[str] = (),
    option: str | None = None,
) -> None:
    """Load every tensor of a module, or refuse.

    Args:
        module: what to fill. Its own loading hooks run, such as resizing position tables.
        weights: tensors by the module's names.
        source: where they come from, for the message.
        part: name of the module's place in the model, for the message.
        optional: patterns of names that may be missing, because the module computes them.
        surplus: patterns of names that may be left over, such as a classifier.
        option: key of the config that names the file, for the message; ``model.PART.init`` if not
            given.

    Raises:
        ValueError: if a tensor is missing, left over or of another shape; the module may then
            be filled in part and must not be used.
    """
    wanted = [name for name in module.state_dict() if not _matches(name, optional)]
    shapes = ''
    try:
        outcome = module.load_state_dict(dict(weights), strict=False)
        missing = [name for name in outcome.missing_keys if name in wanted]
        left_over = [name for name in outcome.unexpected_keys if not _matches(name, surplus)]
    except RuntimeError as error:
        own = module.state_dict()
        missing = [n for n in wanted if n not in weights or weights[n].shape != own[n].shape]
        left_over = [n for n in weights if n not in own and not _matches(n, surplus)]
        shapes = f' ({str(error).splitlines()[-1].strip()})'
    if missing or left_over or shapes:
        raise ValueError(
            f'{source} does not fit {part}: {len(wanted) - len(missing)} of its {len(wanted)} '
            f'tensors are there; missing or of another shape: {first_few(missing)}{shapes}; '
            f'left over: {first_few(left_over)}. Give the matching file, or start without it by '
            f'`--cfg-options {option or f"model.{part}.init"}=random`'
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


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
    return read_content(path, ADVICE)


def _unpickled(path: Path) -> Any:
    if path.suffix == PLAIN:
        return _content(path)
    try:
        return torch.load(path, map_location='cpu', weights_only=False)
    except (OSError, ImportError):
        raise
    except Exception as error:  # there is no end to what a damaged file can raise
        raise ValueError(f'{path} cannot be read even when trusted: {error}') from error
