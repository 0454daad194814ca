"""Compute the fingerprint of a model: hashes of all that its embeddings depend on."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from pir_mm.apis.search.picture_reading import test_pipeline
from pir_mm.apis.weights.exported import ExportedDualEncoder
from pir_mm.files.checksums import file_sha256, hash_tensors
from pir_mm.search import ModelFingerprint
from pir_mm.version import __version__

# Paths, and the weights that a training started from, do not change an embedding.
IRRELEVANT = ('vocab', 'init', 'init_cfg')
State = list[tuple[str, int, int]]
_HASHED: WeakKeyDictionary[nn.Module, tuple[State, tuple[str, str]]] = WeakKeyDictionary()


def model_fingerprint(model: nn.Module, width: int) -> ModelFingerprint:
    """Compute the fingerprint of a model.

    It covers the ``model`` part and the test pipeline of the config, without file names, the values
    of the weights, and the vocabulary. The same weights in another file have the same fingerprint.
    Of a model without an image encoder the hash of all weights is empty. An exported model has the
    fingerprint of the model that was exported.

    Args:
        model: model with its config in ``model.cfg``.
        width: length of its embeddings.
    """
    if isinstance(model, ExportedDualEncoder):
        return model.fingerprint
    parts = [model.cfg.model, test_pipeline(model)]
    text = json.dumps([_relevant(part) for part in parts], sort_keys=True, default=str)
    whole, text_side = _hash_weights(model)
    return ModelFingerprint(
        config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        weights_sha256=whole,
        width=width,
        pir_mm=__version__,
        vocab_sha256=_hash_vocabulary(model),
        text_sha256=text_side,
    )


def _hash_vocabulary(model: nn.Module) -> str:
    vocab = (model.cfg.model.get('tokenizer') or {}).get('vocab')
    return file_sha256(Path(vocab)) if vocab is not None and os.path.isfile(vocab) else ''


def _relevant(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _relevant(part) for key, part in value.items() if key not in IRRELEVANT}
    if isinstance(value, list | tuple):
        return [_relevant(part) for part in value]
    return value


def _hash_weights(model: nn.Module) -> tuple[str, str]:
    """Of all weights, and of those that a text is encoded with; empty where that is not told."""
    weights = model.state_dict()
    # Each search needs the hash. Torch counts the changes of a tensor, so a change is seen.
    state = [(name, tensor.data_ptr(), tensor._version) for name, tensor in weights.items()]
    if model in _HASHED and _HASHED[model][0] == state:
        return _HASHED[model][1]
    image_side = getattr(model, 'image_side', ())
    text = {name: tensor for name, tensor in weights.items() if not name.startswith(image_side)}
    digests = (
        '' if getattr(model, 'text_only', False) else hash_tensors(weights),
        hash_tensors(text) if image_side else '',
    )
    _HASHED[model] = (state, digests)
    return digests
