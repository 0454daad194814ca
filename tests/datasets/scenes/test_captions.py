import re
from collections import defaultdict
from string import Formatter

import pytest

from pir_mm.datasets.scenes import captions
from pir_mm.datasets.scenes.captions import NUMBERS, SCENE_NAMES, _place, caption_scene
from pir_mm.datasets.scenes.colours import COLOURS
from pir_mm.datasets.scenes.draw import SCENE_CLASSES
from pir_mm.datasets.scenes.random_stream import RandomStream
from pir_mm.datasets.scenes.scene import NOUNS, Group, Scene
from pir_mm.functional.caption_cleaning import clean_caption

BOX = (0, 0, 9, 9)
AIRPORT = Scene(
    'airport',
    [
        Group('plane', [BOX] * 3, 'white', 'left', 'terminal', 'row'),
        Group('terminal', [BOX], 'red', 'right'),
        Group('runway', [BOX], None, 'rightward'),
    ],
)


def called():
    """Every name of a thing that is counted, and the nouns it may mean."""
    found = defaultdict(set)
    for noun, words in NOUNS.items():
        for form in (form for name in words.names for form in name.split('|')):
            if not words.mass:
                found[' '.join(form.replace('{}', '').split())].add(noun)
    return found


NAMES = called()
COUNTS = {'a': 1, 'an': 1, 'a single': 1, 'a pair of': 2} | {w: n for n, w in enumerate(NUMBERS)}
COLOURED = re.compile(rf'\b({"|".join(COLOURS)})(-roofed)? | with a? ?({"|".join(COLOURS)}) roofs?')
PLACES = '|'.join(sorted({name for names in SCENE_NAMES.values() for name in names}, key=len)[::-1])


def mentions(caption):
    """(count, colour, nouns) of every counted thing of a caption, by the words alone."""
    caption = re.sub(rf'\b({PLACES})\b', 'place', caption)
    number = '|'.join(sorted(COUNTS, key=len, reverse=True))
    for found in re.finditer(
        rf'\b({number}) (.*?)(?= the | together | as well |,| and |$| (?:{number}) )', caption
    ):
        colour = COLOURED.search(found[2])
        bare = COLOURED.sub('', found[2], count=1)
        name = max((n for n in NAMES if re.match(rf'{n}\b', bare)), key=len, default=None)
        if name is not None:
            yield COUNTS[found[1]], colour and (colour[1] or colour[3]), NAMES[name]


@pytest.mark.parametrize('seed', range(8))
def test_a_caption_tells_count_colour_and_place(seed):
    texts = caption_scene(AIRPORT, 0, seed)
    assert all('three white' in text for text in texts)
    assert any(re.search(r'in a (row|line)', text) for text in texts)
    assert any('left' in text for text in texts)
    assert any('red' in text for text in texts)


def test_no_place_is_given_relative_to_a_mentioned_group():
    planes, terminal, _ = AIRPORT.groups
    assert _place(planes, AIRPORT, [planes, terminal], RandomStream(0)) in ('in a row', 'in a line')
    assert 'terminal' in _place(planes, AIRPORT, [planes], RandomStream(0))


def test_a_single_group_is_enough():
    lone = Scene('farmland', [Group('field', [BOX] * 2, 'green')])
    texts = caption_scene(lone, 0, 0)
    assert len(set(texts)) == 5
    assert all(re.search('(two|a pair of) green fields', text) for text in texts)


@pytest.mark.parametrize('name', SCENE_CLASSES)
def test_five_captions_differ_also_when_cleaned(name, scene_of):
    for index in range(40):
        texts = caption_scene(scene_of(name, 2, index), 2, index)
        assert len({clean_caption(text) for text in texts}) == 5
        for text in texts:
            assert len(clean_caption(text, 99).split()) <= 30
            assert re.fullmatch(r'[a-z]+(?:(?:, | |-)[a-z]+)*', text)
            assert not re.search(r'\ba [aeio]|\ban [^aeiou]|\bthe the\b', text)
            assert not re.search(r'\bis (two|three|four|five|six)|\bare (a|an|one) (?!pair)', text)


@pytest.mark.parametrize('name', SCENE_CLASSES)
def test_what_captions_count_is_in_the_picture(name, scene_of):
    checked = coloured = 0
    for index in range(40):
        scene = scene_of(name, 3, index)
        for text in caption_scene(scene, 3, index):
            for count, colour, nouns in mentions(text):
                same = [g for g in scene.groups if g.noun in nouns and g.count == count]
                assert any(colour in (g.colour, None) for g in same), (text, count, colour, nouns)
                checked += 1
                coloured += colour is not None
    assert checked > 250
    assert coloured > 50


def test_captions_of_different_pictures_differ(scene_of):
    texts = []
    for index in range(24 * len(SCENE_CLASSES)):
        scene = scene_of(list(SCENE_CLASSES)[index % len(SCENE_CLASSES)], 4, index)
        texts += caption_scene(scene, 4, index)
    assert len(set(texts)) > 0.99 * len(texts)


def test_words_depend_on_seed_and_index_alone():
    assert caption_scene(AIRPORT, 1, 2) == caption_scene(AIRPORT, 1, 2)
    assert caption_scene(AIRPORT, 1, 2) != caption_scene(AIRPORT, 1, 3)
    assert caption_scene(AIRPORT, 1, 2) != caption_scene(AIRPORT, 2, 2)


def test_every_word_for_a_thing_and_a_place_is_used(scene_of):
    nouns, places, relations = set(), set(), set()
    for index in range(120 * len(SCENE_CLASSES)):
        for group in scene_of(list(SCENE_CLASSES)[index % len(SCENE_CLASSES)], 1, index).groups:
            nouns.add(group.noun)
            (places if group.landmark == 'picture' else relations).add(group.relation)
        if len(places) > len(captions.PLACES):
            break
    assert nouns == set(NOUNS)
    assert places - {None} == set(captions.PLACES)
    assert relations == set(captions.RELATIONS)


def test_scenes_and_templates_are_complete():
    assert set(SCENE_NAMES) == set(SCENE_CLASSES)
    for template in captions.TEMPLATES:
        fields = {field for _, field, *_ in Formatter().parse(template) if field}
        assert fields & {'all', 'rest'}
        assert fields & {'all', 'first', 'clause', 'inverted'}
    assert min(len(captions.TEMPLATES), len(captions.LONE_TEMPLATES)) >= 5
