from dataclasses import replace

import pytest

from pir_mm.search import ModelFingerprint

MINE = ModelFingerprint('a' * 64, 'b' * 64, 512, '0.1.3')


def test_the_same_model_does_not_differ():
    assert MINE.differences(replace(MINE)) == []


def test_only_the_first_two_numbers_of_the_version_count():
    assert MINE.differences(replace(MINE, pir_mm='0.1.9')) == []
    assert MINE.differences(replace(MINE, pir_mm='0.2.0')) == [
        'version of pir_mm (0.1.3 against 0.2.0)'
    ]


def test_all_that_differs_is_named_with_both_values():
    other = ModelFingerprint('c' * 64, 'd' * 64, 256, '0.1.3')
    assert MINE.differences(other) == [
        'config (sha256 aaaaaaaaaaaa against cccccccccccc)',
        'weights (sha256 bbbbbbbbbbbb against dddddddddddd)',
        'embedding width (512 against 256)',
    ]


@pytest.mark.parametrize('change', [{'width': '512'}, {'width': True}, {'config_sha256': None}])
def test_refuses_values_of_another_type(change):
    with pytest.raises(ValueError, match='of a model fingerprint must be'):
        replace(MINE, **change)
