"""Every tensor is used, dropped by a rule, or named in an error."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.converters.conversion import Piece, collect, count, drop, shape_of

TARGET = dict(type='pir_mm.Thing')
ONE, TWO = torch.ones(2, 3), torch.full((2,), 2.0)


def two_pieces(**changes):
    values = {'a': ONE, 'b': TWO} | changes
    return collect(TARGET, [Piece(name, w, (f'file.{name}',)) for name, w in values.items()], {})


def test_fits_in_the_types_and_the_order_of_the_module():
    wanted = {'b': TWO, 'a': ONE.half()}
    fitted = two_pieces().fitted(wanted)
    assert list(fitted) == ['b', 'a']
    assert_close(fitted['a'], ONE.half())
    assert_close(fitted['b'], TWO)


def test_has_memory_of_its_own():
    whole = torch.arange(10.0)
    fitted = two_pieces(b=whole[:2]).fitted({'a': ONE, 'b': TWO})
    assert fitted['b'].untyped_storage().nbytes() == 8
    whole[0] = 7.0
    assert fitted['b'].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ('changes', 'wanted', 'message'),
    [
        ({}, {'a': ONE}, r'1 of 1 tensors of pir_mm.Thing are there; left over: file.b$'),
        ({}, {'a': ONE, 'b': TWO, 'c': TWO}, r'2 of 3 .*; missing: c$'),
        (
            {},
            {'a': ONE.T, 'b': TWO},
            r'or kind: file.a is \(2, 3\) instead of \(3, 2\)',
        ),
        ({'b': TWO / 0}, {'a': ONE, 'b': TWO}, 'not finite: file.b$'),
        ({'b': TWO.long()}, {'a': ONE, 'b': TWO}, 'file.b is torch.int64 instead of torch.float'),
    ],
)
def test_names_what_does_not_fit(changes, wanted, message):
    with pytest.raises(ValueError, match=message):
        two_pieces(**changes).fitted(wanted)


def test_two_tensors_of_one_name_are_refused():
    pieces = [Piece('norm', ONE, ('norm.gamma',)), Piece('norm', ONE, ('norm.weight',))]
    with pytest.raises(ValueError, match=r'twice: norm.gamma and norm.weight both become norm'):
        collect(TARGET, pieces, {})


def test_knows_what_was_used_and_what_was_computed():
    pieces = [Piece('joined', ONE, ('k', 'v')), Piece('table', TWO, ())]
    conversion = collect(TARGET, pieces, {'classifier': ['fc']})
    assert (conversion.used, conversion.made) == (['k', 'v'], ['table'])


def test_the_first_rule_that_fits_drops():
    rules = {'classifier': ('head.*', 'fc.*'), 'heads': ('head*',)}
    kept, dropped = drop({'head.x': ONE, 'header': ONE, 'fc.y': ONE, 'a.fc.y': ONE}, rules)
    assert list(kept) == ['a.fc.y']
    assert dropped == {'classifier': ['head.x', 'fc.y'], 'heads': ['header']}


def test_sizes_come_from_tensors_that_must_be_there():
    assert shape_of({'a': ONE}, 'a', 2) == (2, 3)
    with pytest.raises(ValueError, match='missing: b, which gives a size'):
        shape_of({'a': ONE}, 'b', 2)
    with pytest.raises(ValueError, match=r'a is \(2, 3\), wanted 4 axes'):
        shape_of({'a': ONE}, 'a', 4)


def test_counts_numbered_parts():
    names = dict.fromkeys(['layers.0.x', 'layers.2.y', 'layers.last', 'other.9'])
    assert count(names, 'layers.') == 3
    assert count(names, 'blocks.') == 0
