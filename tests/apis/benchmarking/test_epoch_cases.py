"""Loading cases on a few pictures: both ways are equal, and what is wrong is noticed."""

import pytest

from pir_mm.apis.benchmarking import epoch_cases
from pir_mm.apis.benchmarking.contest import measure
from pir_mm.datasets import ShardDataset


@pytest.fixture(scope='module')
def stream():
    pytest.importorskip('open_clip')
    return epoch_cases.stream(pictures=12)


def test_shards_give_the_pixels_and_tokens_of_the_files(stream):
    assert measure(stream, repeats=1)['equal']
    pixels = stream.ours()[::2]
    assert sum(len(images) for images in pixels) == 5 * 13
    assert pixels[0].shape[1:] == (3, 224, 224)


def test_the_picture_of_another_sample_is_noticed(stream, monkeypatch):
    of_sample = ShardDataset.get_data_info

    def of_the_first(dataset, idx):
        return of_sample(dataset, idx) | {'img_bytes': of_sample(dataset, 0)['img_bytes']}

    monkeypatch.setattr(ShardDataset, 'get_data_info', of_the_first)
    assert not measure(stream, repeats=1)['equal']
