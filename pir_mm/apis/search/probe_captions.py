"""Sentences by which the recall of a large index is measured: what people ask an archive."""

SCENES = (
    ('an airport', 'planes beside a terminal'),
    ('a harbour', 'ships at a long pier'),
    ('a river', 'a bridge that crosses the water'),
    ('a forest', 'dense trees without any road'),
    ('a desert', 'yellow dunes shaped by the wind'),
    ('a beach', 'white waves along the sand'),
    ('a lake', 'dark water between green hills'),
    ('a mountain', 'snow on bare rock'),
    ('a stadium', 'a running track around a lawn'),
    ('a railway station', 'many tracks under a grey roof'),
    ('a car park', 'rows of parked cars'),
    ('a motorway', 'two lanes and an exit'),
    ('a crossing', 'four streets that meet'),
    ('a roundabout', 'cars that circle a small lawn'),
    ('farmland', 'fields in many shades of green'),
    ('a circular field', 'round irrigated crops in a dry plain'),
    ('a village', 'small houses among gardens'),
    ('a dense residential area', 'roofs packed along narrow streets'),
    ('a suburb', 'separate houses with pools'),
    ('a city centre', 'tall buildings and their shadows'),
    ('a factory', 'chimneys and long halls'),
    ('storage tanks', 'white round tanks in rows'),
    ('a power station', 'cooling towers beside a river'),
    ('a solar park', 'dark panels in straight lines'),
    ('a quarry', 'terraces cut into pale stone'),
    ('a golf course', 'sand traps on smooth grass'),
    ('a tennis court', 'green courts side by side'),
    ('a baseball field', 'a brown diamond and grass'),
    ('a football pitch', 'white lines on a green pitch'),
    ('a swimming pool', 'blue water in a rectangle'),
    ('a school', 'a building with a playground'),
    ('a church', 'a roof in the shape of a cross'),
    ('a square', 'people and trees around a fountain'),
    ('a park', 'paths and a pond among trees'),
    ('an island', 'land with water on all sides'),
    ('a wetland', 'winding channels in a marsh'),
    ('a glacier', 'ice with long cracks'),
    ('a dam', 'a wall that holds a reservoir'),
    ('a greenhouse', 'shining roofs on farmland'),
    ('a container port', 'coloured boxes and cranes'),
)
FORMS = (
    '{place}',
    '{sight}',
    'there is {place} with {sight}',
    'a satellite picture of {place}',
    '{sight}, seen from above',
)


def probe_captions() -> list[str]:
    """Two hundred sentences, all different."""
    return [form.format(place=place, sight=sight) for place, sight in SCENES for form in FORMS]
