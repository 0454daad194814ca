"""The room imports with the parts that its host lends it, or says what is in the way."""

import importlib
import sys

import pytest

import pir_mm.models


def test_a_host_that_cannot_be_imported_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mmpretrain.models', None)
    with pytest.raises(ImportError, match='pip uninstall pycocotools'):
        importlib.reload(pir_mm.models)
