"""Pictures are read as the model sees them, in the background and in order."""

import threading
import time

import numpy as np
import pytest

from pir_mm.apis.search.picture_reading import PictureReader, in_background, pixel_batches


def test_gives_pixels_as_the_pipeline_does_and_the_size_of_the_file(colour_model, pictures):
    pixels, size = PictureReader(colour_model)(pictures / 'green.png')
    assert size == (13, 20)
    assert tuple(pixels.shape) == (3, 8, 8)
    assert pixels[:, 0, 0].tolist() == [0, 255, 0]


def test_an_array_enters_the_pipeline_blue_first(colour_model):
    pixels, size = PictureReader(colour_model)(np.full((4, 6, 3), (1, 2, 3), dtype=np.uint8))
    assert size == (6, 4)
    assert pixels[:, 0, 0].tolist() == [3, 2, 1]


def test_takes_the_limit_of_pixels_from_the_config(colour_model):
    assert PictureReader(colour_model).max_pixels == 10_000


@pytest.mark.parametrize('workers', [1, 4])
@pytest.mark.parametrize('ahead', [1, 3, 100])
def test_results_come_in_order_and_errors_in_their_place(workers, ahead):
    def work(number):
        time.sleep(0.01 if number % 3 == 0 else 0)
        if number == 4:
            raise ValueError('four')
        return number * number

    futures = list(in_background(work, range(9), workers, ahead))
    assert [f.exception() is None for f in futures] == [n != 4 for n in range(9)]
    assert [f.result() for f in futures if f.exception() is None] == [0, 1, 4, 9, 25, 36, 49, 64]


def test_never_holds_more_than_it_may():
    begun = []
    stream = in_background(begun.append, range(100), workers=2, ahead=5)
    next(stream)
    stream.close()
    assert len(begun) <= 5


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith('pictures')]


def test_a_consumer_that_leaves_waits_for_no_thread_and_starts_no_more():
    before, begun, leave = readers(), [], threading.Event()

    def work(number):
        begun.append(number)
        return number == 0 or leave.wait(timeout=20)

    stream = in_background(work, range(9), workers=2, ahead=9)
    next(stream).result()
    while len(begun) < 3:
        time.sleep(0.001)
    stream.close()
    assert not leave.is_set()
    waiting = [thread for thread in readers() if thread not in before]
    leave.set()
    for thread in waiting:
        thread.join()
    assert begun == [0, 1, 2]
    assert len(waiting) == 2


def test_works_while_the_consumer_does():
    both = threading.Barrier(2, timeout=20)
    assert len(list(in_background(lambda _: both.wait(), range(2), workers=2, ahead=2))) == 2


def test_an_error_names_the_picture_and_leaves_no_thread():
    before = readers()

    def read(picture):
        if picture == 'b.png':
            raise ValueError('it is broken')
        return picture

    batches = pixel_batches(read, ['a.png', 'b.png', 'c.png'], batch_size=1)
    assert next(batches) == ['a.png']
    with pytest.raises(ValueError, match=r'^b\.png: it is broken$') as caught:
        next(batches)
    for thread in readers():
        if thread not in before:
            thread.join(timeout=20)
            assert not thread.is_alive()
    del caught  # it holds the frames of the reading until here


@pytest.mark.parametrize('batch_size', [1, 2, 5, 9])
def test_batches_are_whole_but_the_last(batch_size):
    batches = list(pixel_batches(lambda picture: picture, range(5), batch_size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert [picture for batch in batches for picture in batch] == [0, 1, 2, 3, 4]
