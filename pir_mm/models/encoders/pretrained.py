"""Pretrained weights: loaded whole or refused."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from torch import Tensor, nn

from pir_mm.models.encoders.weight_content import read_content
from pir_mm.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module()
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


def below(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names start with ``prefix``, without it; all of them if none does."""
    found = {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}
    return found or dict(weights)


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
            f'tensors are there; missing or of another shape: {_few(missing)}{shapes}; '
            f'left over: {_few(left_over)}. Give the matching file, or start without it by '
            f'`--cfg-options {option or f"model.{part}.init"}=random`'
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _few(names: list[str]) -> str:
    shown = ', '.join(names[:3]) or 'none'
    return f'{shown} and {len(names) - 3} more' if len(names) > 3 else shown
