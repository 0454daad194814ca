"""The words that captions are made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """How a thing may be called.

    Attributes:
        names: ``'singular|plural'`` each; ``{}`` marks where the colour goes, else it leads.
        states: participles that may follow, such as ``parked``.
        roof: the colour is that of the roof.
        area: covers ground on which other things may stand.
        mass: ``'is'`` or ``'are'`` for what is not counted.
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
SCENES = {
    'airport': ('airport', 'airfield'),
    'beach': ('beach area', 'coastal area', 'seaside resort'),
    'bridge': ('river landscape', 'river valley'),
    'denseresidential': ('dense residential area', 'crowded neighbourhood'),
    'desert': ('desert', 'dry desert'),
    'farmland': ('farming area', 'rural area'),
    'forest': ('forest', 'dense forest', 'wood'),
    'golfcourse': ('golf course',),
    'parking': ('parking area', 'car park'),
    'port': ('port', 'harbour'),
    'railwaystation': ('railway station', 'train station'),
    'roundabout': ('roundabout', 'traffic circle'),
    'sparseresidential': ('sparse residential area', 'small village'),
    'stadium': ('stadium', 'sports ground'),
    'storagetanks': ('tank farm', 'fuel depot'),
    'windfarm': ('wind farm', 'wind park'),
}
NUMBERS = ('no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine')
RELATIONS = {
    'left': ('left of {}', 'to the left of {}', 'on the left side of {}'),
    'right': ('right of {}', 'to the right of {}', 'on the right side of {}'),
    'top': ('above {}', 'on the upper side of {}'),
    'bottom': ('below {}', 'on the lower side of {}'),
    'beside': ('beside {}', 'next to {}', 'near {}', 'close to {}'),
    'on': ('on {}',),
    'in': ('in {}', 'inside {}'),
    'over': ('over {}', 'across {}', 'crossing {}'),
    'around': ('around {}', 'surrounding {}'),
    'between': ('between {}',),
    'among': ('among {}', 'between {}'),
    'meeting': ('meeting at {}', 'leading to {}'),
}
PLACES = {
    'left': ('on the left', 'on the left side', 'along the left edge'),
    'right': ('on the right', 'on the right side', 'along the right edge'),
    'top': ('at the top', 'in the upper part', 'along the top'),
    'bottom': ('at the bottom', 'in the lower part', 'along the bottom'),
    'middle': ('in the middle', 'in the centre'),
    'top left': ('in the upper left corner', 'at the top left'),
    'top right': ('in the upper right corner', 'at the top right'),
    'bottom left': ('in the lower left corner', 'at the bottom left'),
    'bottom right': ('in the lower right corner', 'at the bottom right'),
    'everywhere': ('all around', 'everywhere'),
    'rightward': ('running from left to right', 'going from left to right'),
    'downward': ('running from top to bottom', 'going from top to bottom'),
}
LAYOUTS = {'row': ('in a row', 'in a line'), 'rows': ('in rows', 'in neat rows')}
VIEWS = ('aerial image', 'satellite image', 'overhead view', 'picture from above')
TEMPLATES = (
    '{clause}, and there {be_rest} {rest}',
    '{a_scene} with {all}',
    'there {be_all} {all} in the {scene}',
    '{inverted}, with {rest}',
    'the {view} shows {all}',
    'in this {scene} we see {all}',
    '{all} in {a_scene}',
    '{rest} and {first} can be seen',
    '{clause} in the {scene} with {rest}',
    'an overhead look at {all}',
    '{a_scene} has {first} as well as {rest}',
    'seen from above {be_first} {first} together with {rest}',
)
LONE_TEMPLATES = (
    '{clause}',
    '{a_scene} with {first}',
    'there {be_first} {first} in the {scene}',
    'the {view} shows {first}',
    'in this {scene} we see {first}',
    '{first} in {a_scene}',
)
