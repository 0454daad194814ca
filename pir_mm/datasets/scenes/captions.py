"""Five differently worded captions of a scene."""

from pir_mm.datasets.caption_cleaning import caption_words
from pir_mm.datasets.scenes import lexicon
from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.scene import Group, Scene

PER_PICTURE = 5
MOST_WORDS = 30  # after which cleaning cuts


def captions(scene: Scene, seed: int, index: int) -> list[str]:
    """Captions that tell the first group and, by turns, the others.

    Every caption is true of the picture and names counts, colours and places; the five differ in
    wording, in what they tell and in how much.

    Args:
        scene: what the picture shows.
        seed: of the collection.
        index: of the picture; the words are drawn from a stream of their own.
    """
    dice = Dice(seed, index, 1)
    main, others = scene.groups[0], dice.shuffled(scene.groups[1:])
    placing = [group for group in others if group.noun == main.landmark]
    others = [group for group in others if group not in placing] or placing
    templates = dice.shuffled(lexicon.TEMPLATES if others else lexicon.LONE_TEMPLATES)
    found: list[str] = []
    for turn in range(1000):
        extras = [
            others[(turn + k) % len(others)] for k in range(min(len(others), 1 + dice.below(2)))
        ]
        extras = placing if placing and turn == 1 else extras  # it silences the main group's place
        text = _caption(templates[turn % len(templates)], scene, [main, *extras], dice)
        if len(caption_words(text)) <= MOST_WORDS and text not in found:
            found.append(text)
        if len(found) == PER_PICTURE:
            return found
    raise AssertionError(f'no {PER_PICTURE} captions of {scene}')


def _caption(template: str, scene: Scene, told: list[Group], dice: Dice) -> str:
    main = told[0]
    phrases = [_phrase(group, scene, told, dice) for group in told]
    order = 1 if dice.chance(70) else -1
    things, place = _things(main, dice), _place(main, scene, told, dice)
    return template.format(
        first=phrases[0],
        rest=_listed(phrases[1:]),
        all=_listed(phrases[::order]),
        clause=_joined(things, _be(main), _state(main, dice) if place else 'visible', place),
        inverted=_joined(place or 'here', _be(main), things),
        be_first=_be(main),
        be_all=_be(told[::order][0]),
        be_rest=_be(told[min(1, len(told) - 1)]),
        scene=(name := dice.pick(lexicon.SCENES[scene.name])),
        a_scene=_article(name),
        view=dice.pick(lexicon.VIEWS),
    )


def _phrase(group: Group, scene: Scene, told: list[Group], dice: Dice) -> str:
    """Things, perhaps what they do, and where."""
    place = _place(group, scene, told, dice)
    return _joined(_things(group, dice), _state(group, dice) if place else '', place)


def _things(group: Group, dice: Dice) -> str:
    """How many, of what colour, of what kind."""
    noun = lexicon.NOUNS[group.noun]
    if noun.mass or group.count > 1:
        pair = group.count == 2 and dice.chance(20)
        number = '' if noun.mass else 'a pair of' if pair else lexicon.NUMBERS[group.count]
        return _joined(number, _named(group, dice, plural=True))
    named = _named(group, dice, plural=False)
    return (
        _article(named)
        if noun.area or dice.chance(60)
        else f'{dice.pick(("one", "a single"))} {named}'
    )


def _named(group: Group, dice: Dice, plural: bool, told: bool = True) -> str:
    """Name, with the colour if ``told``: ``red-roofed house`` or ``house with a red roof``."""
    noun = lexicon.NOUNS[group.noun]
    name = dice.pick(noun.names).split('|')[plural]
    colour = (group.colour or '') if told else ''
    if noun.roof and colour and '{}' not in name and dice.chance(50):
        return f'{name} with {colour} roofs' if plural else f'{name} with a {colour} roof'
    colour += '-roofed' if noun.roof and colour else ''
    return _joined(name.format(colour) if '{}' in name else f'{colour} {name}')


def _place(group: Group, scene: Scene, told: list[Group], dice: Dice) -> str:
    """How the things are lined up and where; not beside what the caption tells on its own."""
    layout = dice.pick(lexicon.LAYOUTS[group.layout]) if group.layout else ''
    if group.relation is None or group.landmark in {other.noun for other in told}:
        return layout
    if group.landmark == 'picture':
        return _joined(layout, dice.pick(lexicon.PLACES[group.relation]))
    marks = [other for other in scene.groups if other.noun == group.landmark]
    mark = group.landmark
    if len(marks) == 1:
        mark = _named(marks[0], dice, marks[0].count > 1, told=dice.chance(50))
    relation = dice.pick(lexicon.RELATIONS[group.relation])
    return _joined(layout, relation.format(f'the {mark}'))


def _state(group: Group, dice: Dice) -> str:
    return dice.pick((*lexicon.NOUNS[group.noun].states, ''))


def _be(group: Group) -> str:
    return lexicon.NOUNS[group.noun].mass or ('is' if group.count == 1 else 'are')


def _article(name: str) -> str:
    return f'an {name}' if name[0] in 'aeiou' else f'a {name}'


def _listed(phrases: list[str]) -> str:
    return ', '.join(phrases[:-1]) + ' and ' * (len(phrases) > 1) + ''.join(phrases[-1:])


def _joined(*parts: str) -> str:
    return ' '.join(' '.join(parts).split())
