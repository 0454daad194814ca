"""What becomes of every tensor of somebody else's weight file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor

from pir_mm.files.names import first_few

Rules = Mapping[str, tuple[str, ...]]


class Piece(NamedTuple):
    """One tensor by our name, and the names in the file that it comes from."""

    name: str
    value: Tensor
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Conversion:
    """Weights by our names, with an account of where each came from.

    Attributes:
        target: config of the module that takes them.
        weights: tensors by the names of the module, below ``part``.
        sources: of each of them, its names in the file; none if it is made anew.
        dropped: by rule, the names in the file that are left out.
        part: prefix of the names within the module of ``target``.
        notes: sentences for whoever converts.
    """

    target: dict
    weights: dict[str, Tensor]
    sources: dict[str, tuple[str, ...]]
    dropped: dict[str, list[str]]
    part: str = ''
    notes: list[str] = field(default_factory=list)

    @property
    def used(self) -> list[str]:
        """Names in the file of all that went into the weights."""
        return [name for names in self.sources.values() for name in names]

    @property
    def made(self) -> list[str]:
        """Names of ours that nothing in the file stands for."""
        return [name for name, sources in self.sources.items() if not sources]

    def fitted(self, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights in the types of ``wanted``, each with memory of its own.

        Raises:
            ValueError: if one is left over, missing, of another shape or kind of number, or not
                finite; names in the file are given where there are any.
        """
        left_over = [self._in_file(name) for name in self.weights if name not in wanted]
        missing = [name for name in wanted if name not in self.weights]
        shared = [name for name in wanted if name in self.weights]
        other = [
            f'{self._in_file(name)} is {tuple(self.weights[name].shape)} '
            f'instead of {tuple(wanted[name].shape)}'
            for name in shared
            if self.weights[name].shape != wanted[name].shape
        ]
        other += [
            f'{self._in_file(name)} is {self.weights[name].dtype} instead of {wanted[name].dtype}'
            for name in shared
            if self.weights[name].is_floating_point() != wanted[name].is_floating_point()
        ]
        broken = [
            self._in_file(name)
            for name in shared
            if self.weights[name].is_floating_point() and not self.weights[name].isfinite().all()
        ]
        faults = {
            'left over': left_over,
            'missing': missing,
            'of another shape or kind': other,
            'not finite': broken,
        }
        if any(faults.values()):
            raise ValueError(
                f'{len(shared)} of {len(wanted)} tensors of {self.target["type"]} are there; '
                + '; '.join(
                    f'{fault}: {first_few(names)}' for fault, names in faults.items() if names
                )
            )
        return {n: self.weights[n].detach().to(wanted[n].dtype, copy=True) for n in wanted}

    def _in_file(self, name: str) -> str:
        return ' + '.join(self.sources[name]) or name


def collect(
    target: dict,
    pieces: Iterable[Piece],
    dropped: dict[str, list[str]],
    part: str = '',
    notes: Iterable[str] = (),
) -> Conversion:
    """Put the pieces together.

    Raises:
        ValueError: if two of them claim one name.
    """
    weights, sources = {}, {}
    for name, value, origin in pieces:
        if name in weights:
            both = ' and '.join((*sources[name], *origin))
            raise ValueError(f'{both} are both {name}: the file holds one weight twice')
        weights[name], sources[name] = value, origin
    return Conversion(target, weights, sources, dropped, part, list(notes))


def drop(
    weights: Mapping[str, Tensor], rules: Rules
) -> tuple[dict[str, Tensor], dict[str, list[str]]]:
    """Part the weights into those that stay and, by rule, the names of those that go."""
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
    """Shape of a tensor that must be there.

    Raises:
        ValueError: if it is not, or has another number of axes.
    """
    if name not in weights:
        raise ValueError(f'missing: {name}, by which the size of the model is told')
    shape = tuple(weights[name].shape)
    if len(shape) != axes:
        raise ValueError(f'{name} is {shape}, wanted {axes} axes')
    return shape


def count(weights: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered parts follow a prefix: 3 for ``prefix0.x``, ``prefix2.x``."""
    numbers = (n.removeprefix(prefix).split('.')[0] for n in weights if n.startswith(prefix))
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=-1)
