"""Bookkeeping of a conversion: what happens to each tensor of a weight file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor

from pir_mm.files.names import first_few

Rules = Mapping[str, tuple[str, ...]]
"""Name of each rule, and the patterns of the names that it drops."""


class Piece(NamedTuple):
    """One converted tensor: its name in our module, its value, and its names in the file."""

    name: str
    value: Tensor
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Conversion:
    """Converted weights, and a record of where each tensor came from.

    Attributes:
        target: config of the module that takes the weights.
        weights: tensors by their names in the module, without ``part``.
        sources: the names in the file that each of the weights was made from. It is empty for a
            tensor that was computed.
        dropped: names in the file that are not converted, by the rule that drops them.
        part: prefix that the names have in the module of ``target``.
        notes: sentences for the user.
    """

    target: dict
    weights: dict[str, Tensor]
    sources: dict[str, tuple[str, ...]]
    dropped: dict[str, list[str]]
    part: str = ''
    notes: list[str] = field(default_factory=list)

    @property
    def used(self) -> list[str]:
        """Names in the file of all tensors that went into the weights."""
        return [name for names in self.sources.values() for name in names]

    @property
    def made(self) -> list[str]:
        """Names of the weights that were computed and not read from the file."""
        return [name for name, sources in self.sources.items() if not sources]

    def fitted(self, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights in the order and the types of a module's tensors.

        No tensor shares memory with the file's.

        Args:
            wanted: tensors of the module, by the names of ``weights``.

        Raises:
            ValueError: if a tensor is left over, missing, of another shape, of another kind of
                number, or not finite. The message gives names in the file where there are any.
        """
        faults = {fault: names for fault, names in self._faults(wanted).items() if names}
        if faults:
            present = sum(name in self.weights for name in wanted)
            raise ValueError(
                f'{present} of {len(wanted)} tensors of {self.target["type"]} are there; '
                + '; '.join(f'{fault}: {first_few(names)}' for fault, names in faults.items())
            )
        return {n: self.weights[n].detach().to(wanted[n].dtype, copy=True) for n in wanted}

    def _faults(self, wanted: Mapping[str, Tensor]) -> dict[str, list[str]]:
        pairs = {
            name: (self.weights[name], wanted[name]) for name in wanted if name in self.weights
        }
        shapes = [
            f'{self._in_file(name)} is {tuple(value.shape)} instead of {tuple(own.shape)}'
            for name, (value, own) in pairs.items()
            if value.shape != own.shape
        ]
        kinds = [
            f'{self._in_file(name)} is {value.dtype} instead of {own.dtype}'
            for name, (value, own) in pairs.items()
            if value.is_floating_point() != own.is_floating_point()
        ]
        return {
            'left over': [self._in_file(name) for name in self.weights if name not in wanted],
            'missing': [name for name in wanted if name not in self.weights],
            'of another shape or kind': shapes + kinds,
            'not finite': [
                self._in_file(name)
                for name, (value, _) in pairs.items()
                if value.is_floating_point() and not value.isfinite().all()
            ],
        }

    def _in_file(self, name: str) -> str:
        return ' + '.join(self.sources[name]) or name


def collect(
    target: dict,
    pieces: Iterable[Piece],
    dropped: dict[str, list[str]],
    part: str = '',
    notes: Iterable[str] = (),
) -> Conversion:
    """Make a :class:`Conversion` of its pieces.

    Raises:
        ValueError: if two pieces have the same name.
    """
    weights, sources = {}, {}
    for name, value, names_in_file in pieces:
        if name in weights:
            both = ' and '.join((*sources[name], *names_in_file))
            raise ValueError(f'the file holds one weight twice: {both} both become {name}')
        weights[name], sources[name] = value, names_in_file
    return Conversion(target, weights, sources, dropped, part, list(notes))


def drop(
    weights: Mapping[str, Tensor], rules: Rules
) -> tuple[dict[str, Tensor], dict[str, list[str]]]:
    """Split weights into those to convert and those that a rule drops.

    Returns:
        The weights that no rule drops, and the dropped names by rule. The first rule that fits a
        name drops it.
    """
    kept, dropped = {}, {}
    for name, value in weights.items():
        for rule, patterns in rules.items():
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                dropped.setdefault(rule, []).append(name)
                break
        else:
            kept[name] = value
    return kept, dropped


def shape_of(weights: Mapping[str, Tensor], name: str, axes: int) -> tuple[int, ...]:
    """Shape of one tensor, from which a size of the model is read.

    Raises:
        ValueError: if the tensor is missing or does not have ``axes`` axes.
    """
    if name not in weights:
        raise ValueError(f'missing: {name}, which gives a size of the model')
    shape = tuple(weights[name].shape)
    if len(shape) != axes:
        raise ValueError(f'{name} is {shape}, wanted {axes} axes')
    return shape


def count(weights: Mapping[str, Tensor], prefix: str) -> int:
    """Number of layers whose names are ``prefix`` and a number, counted from 0.

    It is 3 for ``prefix0.x`` and ``prefix2.x``, and 0 if there is none.
    """
    numbers = (n.removeprefix(prefix).split('.')[0] for n in weights if n.startswith(prefix))
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=-1)
