"""Sentences about scenes from above, of which any archive shows few."""

THINGS = (
    'a bridge', 'a harbour with boats', 'an airport runway', 'parked planes', 'a railway station',
    'a sports ground', 'a baseball field', 'tennis courts', 'a swimming pool', 'a golf course',
    'a football stadium', 'a church', 'a large factory', 'oil tanks', 'a parking lot',
    'a crossroads', 'a viaduct', 'a roundabout', 'dense houses', 'scattered villas',
    'a school with a playground', 'a shopping centre', 'a power station', 'solar panels',
    'wind turbines', 'green fields', 'ploughed land', 'a vineyard', 'greenhouses', 'an orchard',
    'a quarry', 'a dam', 'a winding river', 'a small pond', 'a lake', 'a sandy beach', 'cliffs',
    'an island', 'a dense forest', 'bare soil', 'a meadow', 'a desert', 'snowy mountains',
    'a glacier', 'a marsh', 'a village', 'a castle', 'a cemetery',
)  # fmt: skip
PLACES = (
    'beside a wide road', 'near the sea', 'in a city', 'between tall buildings', 'in the mountains',
    'surrounded by trees', 'next to a river', 'on dry ground',
)  # fmt: skip
FORMS = ('{} {}', 'there is {} {}', '{} seen from above {}', 'an aerial picture of {} {}')


def background_captions() -> list[str]:
    """384 sentences, each thing in each place, the same each time."""
    return [
        FORMS[(row + column) % len(FORMS)].format(thing, place)
        for row, thing in enumerate(THINGS)
        for column, place in enumerate(PLACES)
    ]
