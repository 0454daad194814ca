"""The cases of a query find what plain code finds."""

import pytest

from pir_mm.apis.benchmarking import query_cases
from pir_mm.apis.benchmarking.contest import UnableError, measure


@pytest.mark.slow
def test_a_warm_query_finds_what_a_product_finds():
    assert measure(query_cases.warm_query(), repeats=1)['equal']


@pytest.mark.slow
def test_an_export_finds_what_its_model_finds():
    pytest.importorskip('onnx', reason='pip install -r requirements/onnx.txt')
    assert measure(query_cases.cold_start_export(), repeats=1)['equal']


def test_without_onnx_the_case_says_so(monkeypatch):
    def missing(model, out):
        raise ModuleNotFoundError('an export needs onnx')

    monkeypatch.setattr(query_cases, 'export_onnx', missing)
    with pytest.raises(UnableError, match='^an export needs onnx$'):
        query_cases.cold_start_export()
