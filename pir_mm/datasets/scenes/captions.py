"""Five captions of a scene in different words."""

from pir_mm.datasets.scenes.random_stream import RandomStream
from pir_mm.datasets.scenes.scene import NOUNS, Group, Scene
from pir_mm.functional.caption_cleaning import caption_words

PER_PICTURE = 5
MAX_WORDS = 30  # cleaning cuts a longer caption

SCENE_NAMES = {
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


def caption_scene(scene: Scene, seed: int, index: int) -> list[str]:
    """Five captions that mention the first group and, in turn, the others.

    Every caption is true and names counts, colours and places. The five differ in their words, in
    what they mention and in how much.

    Args:
        scene: what the picture shows.
        seed: seed of the data set.
        index: number of the picture. The words have a random stream of their own.
    """
    rng = RandomStream(seed, index, 1)
    main, others = scene.groups[0], rng.shuffled(scene.groups[1:])
    landmarks = [group for group in others if group.noun == main.landmark]
    others = [group for group in others if group not in landmarks] or landmarks
    templates = rng.shuffled(TEMPLATES if others else LONE_TEMPLATES)
    found: list[str] = []
    for turn in range(1000):
        extras = [
            others[(turn + k) % len(others)] for k in range(min(len(others), 1 + rng.below(2)))
        ]
        if landmarks and turn == 1:  # once only: it leaves out where the main group lies
            extras = landmarks
        text = _caption(templates[turn % len(templates)], scene, [main, *extras], rng)
        if len(caption_words(text)) <= MAX_WORDS and text not in found:
            found.append(text)
        if len(found) == PER_PICTURE:
            return found
    raise AssertionError(f'found only {len(found)} of {PER_PICTURE} captions of {scene}')


def _caption(template: str, scene: Scene, mentioned: list[Group], rng: RandomStream) -> str:
    main = mentioned[0]
    phrases = [_phrase(group, scene, mentioned, rng) for group in mentioned]
    order = 1 if rng.chance(70) else -1
    things, place = _count_and_name(main, rng), _place(main, scene, mentioned, rng)
    return template.format(
        first=phrases[0],
        rest=_enumerated(phrases[1:]),
        all=_enumerated(phrases[::order]),
        clause=_joined(
            things, _is_or_are(main), _random_state(main, rng) if place else 'visible', place
        ),
        inverted=_joined(place or 'here', _is_or_are(main), things),
        be_first=_is_or_are(main),
        be_all=_is_or_are(mentioned[::order][0]),
        be_rest=_is_or_are(mentioned[min(1, len(mentioned) - 1)]),
        scene=(name := rng.pick(SCENE_NAMES[scene.name])),
        a_scene=_with_article(name),
        view=rng.pick(VIEWS),
    )


def _phrase(group: Group, scene: Scene, mentioned: list[Group], rng: RandomStream) -> str:
    """The things of a group, perhaps their state, and their location."""
    place = _place(group, scene, mentioned, rng)
    return _joined(_count_and_name(group, rng), _random_state(group, rng) if place else '', place)


def _count_and_name(group: Group, rng: RandomStream) -> str:
    """Number, colour and name of the things of a group."""
    noun = NOUNS[group.noun]
    if noun.mass or group.count > 1:
        pair = group.count == 2 and rng.chance(20)
        number = '' if noun.mass else 'a pair of' if pair else NUMBERS[group.count]
        return _joined(number, _named(group, rng, plural=True))
    named = _named(group, rng, plural=False)
    return (
        _with_article(named)
        if noun.area or rng.chance(60)
        else f'{rng.pick(("one", "a single"))} {named}'
    )


def _named(group: Group, rng: RandomStream, plural: bool, coloured: bool = True) -> str:
    """Name and, if ``coloured``, colour: ``red-roofed house`` or ``house with a red roof``."""
    noun = NOUNS[group.noun]
    name = rng.pick(noun.names).split('|')[plural]
    colour = (group.colour or '') if coloured else ''
    if noun.roof and colour and '{}' not in name and rng.chance(50):
        return f'{name} with {colour} roofs' if plural else f'{name} with a {colour} roof'
    colour += '-roofed' if noun.roof and colour else ''
    return _joined(name.format(colour) if '{}' in name else f'{colour} {name}')


def _place(group: Group, scene: Scene, mentioned: list[Group], rng: RandomStream) -> str:
    """Layout and location of the things; the latter is left out if its landmark is mentioned."""
    layout = rng.pick(LAYOUTS[group.layout]) if group.layout else ''
    if group.relation is None or group.landmark in {other.noun for other in mentioned}:
        return layout
    if group.landmark == 'picture':
        return _joined(layout, rng.pick(PLACES[group.relation]))
    marks = [other for other in scene.groups if other.noun == group.landmark]
    mark = group.landmark
    if len(marks) == 1:
        mark = _named(marks[0], rng, marks[0].count > 1, coloured=rng.chance(50))
    relation = rng.pick(RELATIONS[group.relation])
    return _joined(layout, relation.format(f'the {mark}'))


def _random_state(group: Group, rng: RandomStream) -> str:
    return rng.pick((*NOUNS[group.noun].states, ''))


def _is_or_are(group: Group) -> str:
    return NOUNS[group.noun].mass or ('is' if group.count == 1 else 'are')


def _with_article(name: str) -> str:
    return f'an {name}' if name[0] in 'aeiou' else f'a {name}'


def _enumerated(phrases: list[str]) -> str:
    return ', '.join(phrases[:-1]) + ' and ' * (len(phrases) > 1) + ''.join(phrases[-1:])


def _joined(*parts: str) -> str:
    return ' '.join(' '.join(parts).split())
