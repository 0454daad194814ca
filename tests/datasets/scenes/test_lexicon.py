from string import Formatter

import pytest

from pir_mm.datasets.scenes import lexicon
from pir_mm.datasets.scenes.draw import KINDS


def test_every_word_for_a_thing_and_a_place_is_used(scene_of):
    nouns, places, relations = set(), set(), set()
    for index in range(120 * len(KINDS)):
        for group in scene_of(list(KINDS)[index % len(KINDS)], 1, index).groups:
            nouns.add(group.noun)
            (places if group.landmark == 'picture' else relations).add(group.relation)
        if len(places) > len(lexicon.PLACES):
            break
    assert nouns == set(lexicon.NOUNS)
    assert places - {None} == set(lexicon.PLACES)
    assert relations == set(lexicon.RELATIONS)


@pytest.mark.parametrize('noun', lexicon.NOUNS)
def test_names_have_a_singular_and_a_plural(noun):
    for name in lexicon.NOUNS[noun].names:
        one, many = name.split('|')
        assert one.count('{}') == many.count('{}') <= 1


def test_scenes_and_templates_are_complete():
    assert set(lexicon.SCENES) == set(KINDS)
    for template in lexicon.TEMPLATES:
        fields = {field for _, field, *_ in Formatter().parse(template) if field}
        assert fields & {'all', 'rest'}
        assert fields & {'all', 'first', 'clause', 'inverted'}
    assert min(len(lexicon.TEMPLATES), len(lexicon.LONE_TEMPLATES)) >= 5
