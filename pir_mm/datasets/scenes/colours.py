"""Named colours of things, of the ground and of water; channels in the order blue, green, red."""

import numpy as np

from pir_mm.datasets.scenes.random_stream import RandomStream

COLOURS = {
    'white': (232, 236, 238),
    'grey': (112, 110, 108),
    'black': (40, 37, 36),
    'red': (60, 60, 166),
    'blue': (178, 114, 58),
    'yellow': (62, 182, 212),
    'green': (76, 130, 72),
    'brown': (64, 90, 120),
}
GROUNDS = {
    'grass': (66, 104, 86),
    'meadow': (74, 124, 104),
    'dry grass': (98, 138, 146),
    'soil': (92, 124, 150),
    'asphalt': (94, 92, 92),
    'dark asphalt': (76, 74, 74),
    'concrete': (142, 148, 152),
    'paving': (150, 160, 168),
    'gravel': (128, 140, 148),
    'track': (112, 144, 164),
    'sand': (150, 188, 212),
    'tree': (44, 74, 52),
    'bush': (56, 92, 72),
}
WATERS = {'blue': (98, 74, 40), 'green': (72, 88, 54), 'brown': (86, 118, 138)}


def tint(rng: RandomStream, colour: tuple[int, int, int], spread: int = 11) -> np.ndarray:
    """``colour`` with a small random change of lightness and hue: ``(3,)`` int32."""
    light = rng.between(-spread, spread)
    hue = [rng.between(-spread // 3, spread // 3) for _ in range(3)]
    return np.clip(np.array(colour) + light + np.array(hue), 0, 255).astype(np.int32)


def shade(colour: np.ndarray, amount: int) -> np.ndarray:
    """``colour`` times ``1 + amount / 256``: darker if ``amount`` is below 0."""
    return np.clip(np.asarray(colour) * (256 + amount) >> 8, 0, 255)
