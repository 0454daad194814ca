"""Reading weight files of unknown origin."""

import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file


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
