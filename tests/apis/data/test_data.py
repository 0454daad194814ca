"""What Python callers get from the room: here the preparation of their own pairs."""

import json

import numpy as np
from PIL import Image

from pir_mm.apis.data import prepare_dataset


def test_prepares_pairs_from_python(tmp_path, capsys):
    rng = np.random.default_rng(0)
    (tmp_path / 'photos').mkdir()
    pairs = []
    for number in range(10):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / 'photos' / f'{number}.png')
        pairs.append({'image': f'{number}.png', 'captions': [f'scene {number}'], 'class': 'field'})
    (tmp_path / 'pairs.json').write_text(json.dumps(pairs))
    report = prepare_dataset(
        'custom', tmp_path / 'photos', tmp_path / 'mine', captions=tmp_path / 'pairs.json'
    )
    assert report['splits'] == {'train': 8, 'val': 1, 'test': 1}
    assert json.loads((tmp_path / 'mine' / 'captions.json').read_text())['dataset'] == 'mine'
    assert '10 pictures (8 train, 1 val, 1 test), 10 captions' in capsys.readouterr().out
