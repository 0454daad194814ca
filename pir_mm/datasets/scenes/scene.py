"""What a picture shows, as values: the source of its captions and of the tests."""

from dataclasses import dataclass, field

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Group:
    """Like things that a caption may count and place.

    Attributes:
        noun: key of the lexicon.
        boxes: one per thing, in 1024ths of the picture before its tilt.
        colour: a colour name, or None where it tells nothing.
        relation: where the things are, seen from ``landmark``.
        landmark: the noun of another thing, or ``'picture'``.
        layout: ``'row'``, ``'rows'`` or ``'columns'`` where they are lined up.
    """

    noun: str
    boxes: list[Box]
    colour: str | None = None
    relation: str | None = None
    landmark: str = 'picture'
    layout: str | None = None

    @property
    def count(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True)
class Scene:
    """A class of scene and its groups, the most telling first."""

    name: str
    groups: list[Group] = field(default_factory=list)
