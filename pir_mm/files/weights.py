"""Weight files: read safely, and their tensors by name."""

import json
import os
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from pir_mm.files.checksums import file_sha256
from pir_mm.files.names import first_few
from pir_mm.files.zipped_weights import is_zip_of_files


class _Skipped:
    """Replaces an object that lies beside the weights; it holds nothing and does nothing."""

    def __init__(self, *_args) -> None:
        pass

    def __setstate__(self, _state) -> None:
        pass


class _SkippedMapping:
    """The same for an object that is filled like a dict, which the safe reader wants to be one."""

    def __new__(cls, *_args) -> OrderedDict:
        return OrderedDict()


WRAPPERS = (
    'state_dict', 'model', 'model_state_dict', 'state_dict_ema', 'ema_state_dict', 'model_ema',
    'net',
)  # fmt: skip
"""Where a file may keep its tensors, the usual place first."""
INDEX_ENDING = '.index.json'
TRUST = 'PIR_MM_TRUST_CHECKPOINT'
# Training code keeps settings and statistics beside the weights; none of it is needed.
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


def read_content(
    path: str | Path,
    *,
    trust: bool = False,
    skip_objects: bool = True,
    advice: str = 'save its tensors alone',
    map_location: Any = 'cpu',
    lazy: bool = False,
) -> Any:
    """Everything in a weight file, and no code of the file is run (``weights_only=True``).

    Reads torch and safetensors files, told apart by their content, and the ``.index.json`` of a set
    of such files.

    Args:
        path: of the file.
        trust: unpickle the file, which runs any code that it holds.
        skip_objects: replace objects that training code is known to leave beside the weights by
            something empty. Without it such a file is refused.
        advice: what to do about a file with other objects, for the message.
        map_location: device of the tensors, as in ``torch.load``.
        lazy: map a file of torch into memory, so that a tensor is read when it is first used.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, or holds an object that is not known to be harmless.
    """
    path = Path(path).expanduser()
    if path.name.endswith(INDEX_ENDING) and path.is_file():
        return _read_shards(path, map_location)
    _refuse_other_files(path)
    if _is_safetensors(path):
        try:
            return load_file(path)
        except SafetensorError as error:
            raise ValueError(f'{path} cannot be read as weights: {error}') from error
    try:
        with torch.serialization.safe_globals(_skipped() if skip_objects else []):
            mmap = lazy and zipfile.is_zipfile(path)
            return torch.load(path, map_location=map_location, weights_only=not trust, mmap=mmap)
    except OSError:
        raise
    except ImportError:
        if trust:
            raise
        raise ValueError(f'{path} cannot be read as weights: it is damaged') from None
    except Exception as error:  # there is no end to what a damaged file can raise
        raise ValueError(
            f'{path} cannot be read as weights: {_reason(str(error), advice)}'
        ) from error


def _refuse_other_files(path: Path) -> None:
    """Say what a file is that people have in place of weights."""
    if path.is_dir():
        raise ValueError(f'{path} is a folder: give the weight file in it')
    if not path.is_file():
        raise FileNotFoundError(f'weight file {path} does not exist')
    with path.open('rb') as file:
        head = file.read(512)
    start = head.lstrip().lower()
    if not head:
        what = 'is empty: download it again'
    elif head.startswith(b'version https://git-lfs'):
        what = 'is a pointer of Git LFS to the file: fetch the file itself by `git lfs pull`'
    elif start.startswith((b'<!doctype', b'<html', b'<?xml', b'<head')):
        what = 'is a web page, as a failed download leaves it: download it again'
    elif start.startswith((b'{', b'[')):
        what = 'is a text in JSON: give the file of the tensors'
    elif head.startswith((b'\x1f\x8b', b'BZh', b'\xfd7zXZ', b'7z\xbc\xaf', b'\x28\xb5\x2f\xfd')):
        what = 'is compressed: unpack it'
    elif head.startswith(b'PK') and is_zip_of_files(path):
        what = 'is a zip archive of other files: unpack it'
    else:
        return
    raise ValueError(f'{path} cannot be read as weights: it {what}')


def _is_safetensors(path: Path) -> bool:
    """By the ending, or by the length of the header that comes first."""
    with path.open('rb') as file:
        head = file.read(9)
    if head.startswith((b'PK', b'\x80')):
        return False  # torch's own formats
    length = int.from_bytes(head[:8], 'little')
    return path.suffix == '.safetensors' or (head[8:] == b'{' and length < path.stat().st_size)


def _read_shards(path: Path, map_location: Any) -> dict[str, Tensor]:
    """The tensors of all files that an index names, each from the file that it is said to be in."""
    try:
        places = json.loads(path.read_text(encoding='utf-8'))['weight_map']
        shards = sorted(set(places.values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'{path} is no index of weight files: {error}') from None
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        if not isinstance(shard, str) or Path(shard).name != shard:
            raise ValueError(f'{path} names {shard!r}, which is no file beside it')
        content = read_content(path.with_name(shard), map_location=map_location)
        wanted = [name for name, place in places.items() if place == shard]
        missing = [name for name in wanted if name not in content]
        if missing:
            raise ValueError(
                f'{path.with_name(shard)} lacks {first_few(missing)}, which {path.name} says it '
                'holds: download both again'
            )
        tensors |= {name: content[name] for name in wanted}
    return tensors


def _skipped() -> list[type]:
    names = (name.rpartition('.') for name in _BESIDE_WEIGHTS)
    return [
        type(leaf, (base,), {'__module__': module})
        for (module, _, leaf), base in zip(names, _BESIDE_WEIGHTS.values(), strict=True)
    ]


def _reason(message: str, advice: str) -> str:
    """The reason in torch's long message, without its advice to run the file."""
    unknown = re.search(r'GLOBAL (\S+) w', message)
    if unknown:
        return (
            f'it holds {unknown[1]}, and objects of Python are not loaded because they could run '
            f'any code; {advice}'
        )
    if 'TorchScript' in message:
        return f'it is a program of TorchScript; {advice}'
    return 'it is damaged, or not a file of torch'


def read_checkpoint(path: str | Path, map_location: Any = 'cpu', lazy: bool = False) -> dict:
    """A checkpoint of tensors and plain values, with nothing skipped.

    Args:
        path: of the file.
        map_location: device of the tensors.
        lazy: read a tensor when it is first used; of an older kind of file all are read at once.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not a checkpoint, or would have to be unpickled.
            ``PIR_MM_TRUST_CHECKPOINT=1`` in the environment allows that for files you trust.
    """
    content = read_content(
        path,
        trust=os.environ.get(TRUST) == '1',
        skip_objects=False,
        advice=f'set {TRUST}=1 if you trust the file',
        map_location=map_location,
        lazy=lazy,
    )
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds a {type(content).__name__}, not a checkpoint')
    return content


def weight_file(path: str | Path) -> Path | None:
    """The file itself, or the one that a model folder of the hub has; ``None`` if there is none."""
    place = Path(path).expanduser()
    if place.is_file():
        return place
    names = ('model.safetensors', 'pytorch_model.bin')
    files = [place / f'{name}{end}' for name in names for end in ('', INDEX_ENDING)]
    return next((file for file in files if file.is_file()), None)


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a weight file by name, from ``state_dict``, ``model`` or the top.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be read safely or holds no tensors.
    """
    return named_tensors(read_content(path), path)


def named_tensors(content: Any, path: str | Path) -> dict[str, Tensor]:
    """The tensors of what a weight file holds, by their own names.

    They lie under one of :data:`WRAPPERS` or at the top. What ``torch.compile`` and data-parallel
    wrappers put into the names (``_orig_mod``, ``module`` in front) is taken out.

    Args:
        content: as :func:`read_content` gives it.
        path: of the file, for the message.

    Raises:
        ValueError: if there are no tensors, or two have one name.
    """
    for key in WRAPPERS * 2:  # a wrapper may hold another one
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if isinstance(content, Mapping):
        tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            return _own_names(tensors, path)
    raise ValueError(f'{path} holds no named tensors, neither at its top nor in `state_dict`')


def _own_names(tensors: Mapping[str, Tensor], path: str | Path) -> dict[str, Tensor]:
    own = {
        name: '.'.join(part for part in str(name).split('.') if part != '_orig_mod')
        for name in tensors
    }
    while all(name.startswith('module.') for name in own.values()):
        own = {name: new.removeprefix('module.') for name, new in own.items()}
    if len(set(own.values())) < len(own):
        raise ValueError(f'{path} holds tensors twice, with and without `_orig_mod`')
    return {own[name]: value for name, value in tensors.items()}


def under_prefix(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names start with ``prefix``, without the prefix."""
    return {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}


@dataclass(frozen=True)
class WeightFile:
    """A weight file of somebody else.

    Args:
        weights: tensors by name.
        settings: the settings saved beside them.
        beside: names of everything else in the file.
        sha256: of the file.
    """

    weights: dict[str, Tensor]
    settings: dict[str, Any]
    beside: list[str]
    sha256: str


def read_weight_file(path: str | Path, trust: bool = False) -> WeightFile:
    """Read a weight file with everything beside its tensors, for a conversion.

    The tensors may lie under one of :data:`WRAPPERS` or at the top, and get their own names as in
    :func:`named_tensors`. Nothing but tensors may stand among the tensors, and the checksums inside
    the file must hold.

    Args:
        path: of a torch or safetensors file.
        trust: unpickle it, which runs any code that it holds.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read, holds no tensors, or holds something else among them.
    """
    path = Path(path).expanduser()
    advice = 'if you know who made it, --trust unpickles it, which runs whatever it holds'
    content = read_content(path, trust=trust, advice=advice)
    _check_sums(path)
    if isinstance(content, torch.jit.ScriptModule):  # as OpenAI published CLIP
        content = dict(content.state_dict())
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
    settings = content.get('config')
    beside = [str(name) for name in content if name != wrapper and name not in weights]
    weights = _own_names(weights, path)
    return WeightFile(
        weights, dict(settings) if isinstance(settings, Mapping) else {}, beside, file_sha256(path)
    )


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
