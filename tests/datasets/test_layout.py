"""The command that makes a data set."""

import pytest

from pir_mm.datasets.layout import command_for


@pytest.mark.parametrize(
    ('folder', 'command'),
    [
        ('data/ucm', 'python tools/prepare_data.py ucm --source DIR --out data/ucm'),
        ('data/demo_scenes/', 'python tools/make_scenes.py --out data/demo_scenes/'),
        (
            'data/mine',
            'python tools/prepare_data.py custom --captions FILE --source DIR --out data/mine',
        ),
    ],
)
def test_is_told_by_the_name_of_the_folder(folder, command):
    assert command_for(folder) == command
