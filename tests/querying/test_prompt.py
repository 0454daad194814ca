"""A prompt answers line by line and survives mistakes."""

from pathlib import Path

import pytest

from pir_mm.querying import SearchPrompt


class Found:
    def __init__(self, query, top_k):
        self.query, self.top_k = query, top_k

    def save(self, path):
        Path(path).write_text(str(self.query))
        return ['a note']


@pytest.fixture
def told():
    return []


def run(told, *lines):
    def search(query, top_k):
        if query == 'bad':
            raise ValueError('the model knows no word')
        return Found(query, top_k)

    def show(found):
        told.append((found.query, found.top_k))

    return SearchPrompt(search, show, told.append, 10).run(lines)


def test_lines_are_queries_and_commands_change_them(told):
    assert (
        run(told, 'a lake\n', '', ':k 3', '  two piers ', ':image /a/b c.png', ':quit', 'no') == 5
    )
    assert told == [('a lake', 10), ('two piers', 3), (Path('/a/b c.png'), 3)]


def test_mistakes_are_a_sentence_and_it_goes_on(told, tmp_path):
    lines = ['bad', ':k 0', ':k x', ':image', ':nothing', ':save a.csv', 'a lake']
    run(told, *lines, f':save "{tmp_path}/x y.csv"', f':save {tmp_path}/no/x.csv', ':image "a')
    assert told == [
        'error: the model knows no word',
        "error: :k needs a number of at least 1, got '0'",
        "error: :k needs a number of at least 1, got 'x'",
        'error: a path is missing',
        'error: :nothing is unknown: :image, :k, :save, :help and :quit are there',
        'error: there is nothing to save yet: search first',
        ('a lake', 10),
        'a note',
        told[8],
        'error: No closing quotation',
    ]
    assert told[8].startswith('error: [Errno 2]')
    assert (tmp_path / 'x y.csv').read_text() == 'a lake'


def test_help_names_all_commands(told):
    run(told, ':help')
    assert all(command in told[0] for command in (':image', ':k', ':save', ':quit'))
