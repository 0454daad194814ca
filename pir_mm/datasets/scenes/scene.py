"""What a picture shows: groups of things, from which its captions are written."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Noun:
    """Names of one kind of thing.

    Attributes:
        names: each ``'singular|plural'``. ``{}`` marks the place of the colour; without it the
            colour comes first.
        states: words that may follow the name, such as ``parked``.
        roof: the colour of the thing is that of its roof.
        area: it covers ground on which other things may stand.
        mass: its verb, ``'is'`` or ``'are'``, for a thing that is not counted (sand, trees).
    """

    names: tuple[str, ...]
    states: tuple[str, ...] = ()
    roof: bool = False
    area: bool = False
    mass: str | None = None


NOUNS = {
    'plane': Noun(('plane|planes', 'airplane|airplanes', 'aircraft|aircraft'), ('parked',)),
    'terminal': Noun(('terminal|terminals', 'terminal building|terminal buildings'), roof=True),
    'runway': Noun(('runway|runways',), area=True),
    'ship': Noun(('ship|ships', 'vessel|vessels'), ('moored', 'docked')),
    'container': Noun(('container|containers',), ('stacked', 'stored')),
    'boat': Noun(('boat|boats', 'small {} boat|small {} boats'), ('sailing',)),
    'warehouse': Noun(('warehouse|warehouses', 'storehouse|storehouses'), roof=True),
    'water': Noun(('water|water',), area=True, mass='is'),
    'train': Noun(('train|trains',), ('standing', 'stopped')),
    'railway track': Noun(
        ('railway track|railway tracks', 'rail track|parallel tracks'), area=True
    ),
    'station building': Noun(('station building|station buildings', 'station|stations'), roof=True),
    'platform': Noun(('platform|platforms',), roof=True),
    'bridge': Noun(('bridge|bridges',), ('built',)),
    'river': Noun(('river|rivers',), area=True),
    'house': Noun(('house|houses', 'home|homes'), ('standing', 'built'), roof=True),
    'row of houses': Noun(('row of {} houses|rows of {} houses',), roof=True, area=True),
    'pool': Noun(('swimming pool|swimming pools', 'pool|pools')),
    'large building': Noun(('large {} building|large {} buildings',), ('standing',), roof=True),
    'building': Noun(('building|buildings',), ('standing',), roof=True),
    'pond': Noun(('pond|ponds', 'small {} lake|small {} lakes')),
    'road': Noun(('road|roads',), area=True),
    'track': Noun(('track|tracks', 'road|roads'), area=True),
    'car': Noun(('car|cars', 'vehicle|vehicles'), ('parked',)),
    'moving car': Noun(('car|cars', 'vehicle|vehicles'), ('driving',)),
    'arm': Noun(('road|roads', 'street|streets'), area=True),
    'island': Noun(('round {} island|round {} islands', 'circle|circles'), area=True),
    'stand': Noun(('stand|stands', 'grandstand|grandstands'), ('built',)),
    'court': Noun(('tennis court|tennis courts', 'sports court|sports courts')),
    'running track': Noun(('running track|running tracks',), area=True),
    'field': Noun(('field|fields',), area=True),
    'pitch': Noun(('football field|football fields', 'pitch|pitches'), area=True),
    'round field': Noun(('round {} field|round {} fields', 'circular {} field|circular {} fields')),
    'open field': Noun(('open {} field|open {} fields', 'wide {} field|wide {} fields'), area=True),
    'bunker': Noun(('sand bunker|sand bunkers', 'sand trap|sand traps', 'bunker|bunkers')),
    'club house': Noun(('club house|club houses',), ('standing',), roof=True),
    'tank': Noun(('large {} tank|large {} tanks', 'storage tank|storage tanks'), ('built',)),
    'small tank': Noun(('small {} tank|small {} tanks',)),
    'turbine': Noun(('wind turbine|wind turbines', 'windmill|windmills'), ('standing',)),
    'sea': Noun(('{} sea|the {} sea', 'open {} water|open {} water'), area=True, mass='is'),
    'barn': Noun(('barn|barns', 'farmhouse|farmhouses'), ('standing',), roof=True),
    'clearing': Noun(('bare clearing|bare clearings', 'clearing|clearings')),
    'cabin': Noun(('cabin|cabins', 'hut|huts'), ('hidden', 'standing'), roof=True),
    'path': Noun(('path|paths', 'track|tracks'), area=True),
    'trees': Noun(('trees|trees',), area=True, mass='are'),
    'umbrella': Noun(('umbrella|umbrellas', 'parasol|parasols')),
    'hotel': Noun(('hotel|hotels', 'building|buildings'), ('standing',), roof=True),
    'sand': Noun(('sand|sand',), area=True, mass='is'),
    'tent': Noun(('tent|tents',), ('pitched',)),
    'oasis': Noun(('oasis|oases', 'pool with palm trees|pools with palm trees')),
}


Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Group:
    """Things of one kind and colour, which a caption may count and locate.

    Attributes:
        noun: a key of ``NOUNS``.
        boxes: one for each thing, in 1024ths of the picture before its tilt.
        colour: name of their colour, or None where it says nothing.
        relation: where the things are, relative to ``landmark``.
        landmark: noun of another group, or ``'picture'``.
        layout: ``'row'`` or ``'rows'`` where they are in line, else None.
    """

    noun: str
    boxes: list[Box]
    colour: str | None = None
    relation: str | None = None
    landmark: str = 'picture'
    layout: str | None = None

    @property
    def count(self) -> int:
        """Number of things."""
        return len(self.boxes)


@dataclass(frozen=True)
class Scene:
    """The class of a scene and its groups, the most important first."""

    name: str
    groups: list[Group] = field(default_factory=list)
