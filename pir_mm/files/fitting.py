"""Weights compared with a module, and loaded whole or refused."""

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from torch import Tensor, nn

from pir_mm.files.names import first_few


def mismatch(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    optional: Iterable[str] = (),
    surplus: Iterable[str] = (),
) -> str | None:
    """What keeps weights from filling a module, in one sentence; None if they fit.

    Args:
        module: what to fill.
        weights: tensors by the names of the module.
        optional: patterns of names that may be missing, because the module computes them.
        surplus: patterns of names that may be left over, such as a classifier.
    """
    own = module.state_dict()
    wanted = [name for name in own if not _matches(name, optional)]
    shared = [name for name in wanted if name in weights]
    return _fault(
        len(wanted),
        [name for name in wanted if name not in weights],
        [
            f'{name} is {tuple(weights[name].shape)} instead of {tuple(own[name].shape)}'
            for name in shared
            if weights[name].shape != own[name].shape
        ],
        [name for name in weights if name not in own and not _matches(name, surplus)],
    )


def load_whole(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    source: str | Path,
    part: str,
    optional: Iterable[str] = (),
    surplus: Iterable[str] = (),
    option: str | None = None,
) -> None:
    """Load every tensor of a part of a model, or refuse.

    Args:
        module: what to fill. Its own loading hooks run, such as resizing position tables.
        weights: tensors by the names of the module.
        source: where they come from, for the message.
        part: name of the module's place in the model, for the message.
        optional, surplus: as in :func:`mismatch`.
        option: key of the config that names the file, for the message; by default
            ``model.PART.init``.

    Raises:
        ValueError: if a tensor is missing, left over or of another shape; the module may then
            be filled in part and must not be used.
    """
    try:
        outcome = module.load_state_dict(dict(weights), strict=False)
        wanted = [name for name in module.state_dict() if not _matches(name, optional)]
        missing = [name for name in outcome.missing_keys if name in wanted]
        left_over = [name for name in outcome.unexpected_keys if not _matches(name, surplus)]
        fault = _fault(len(wanted), missing, [], left_over)
    except RuntimeError as error:
        fault = mismatch(module, weights, optional, surplus) or str(error).splitlines()[-1].strip()
    if fault:
        raise ValueError(
            f'{source} does not fit {part}: {fault}. Give the matching file, or start without it '
            f'by `--cfg-options {option or f"model.{part}.init"}=random`'
        )


def _fault(
    wanted: int, missing: list[str], misshapen: list[str], left_over: list[str]
) -> str | None:
    there = wanted - len(missing) - len(misshapen)
    prefix = os.path.commonprefix(left_over).rpartition('.')[0]
    if there == 0 and len(left_over) > 1 and prefix:
        left_over = [f'all of them begin with {prefix!r}']
    faults = {'missing': missing, 'of another shape': misshapen, 'left over': left_over}
    if not any(faults.values()):
        return None
    return f'{there} of its {wanted} tensors are there; ' + '; '.join(
        f'{fault}: {first_few(names)}' for fault, names in faults.items() if names
    )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
