"""Both towers of a retriever as ONNX, checked against torch before anything is kept."""

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pir_mm.apis.export.picture_pipeline import exported_pipeline
from pir_mm.apis.search.embedding import encode_pixels, require_ready
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.picture_reading import PictureReader
from pir_mm.deployment.export_card import (
    ARITHMETICS,
    FILES,
    IMAGE,
    PREPROCESS,
    TEXT,
    TOKENIZER,
    ExportCard,
    is_export,
)
from pir_mm.deployment.exported_retriever import ExportedRetriever
from pir_mm.files.extras import import_extra
from pir_mm.files.writing import atomic_folder, write_json, write_text

OPSET = 17
TOLERANCE = 1e-4
"""Greatest difference to torch of a number of a unit vector, in float32."""
LEAST_COSINE = 0.9
"""Least similarity to torch of an 8-bit embedding, on the mean over what was tried."""
SENTENCES = (
    'river',
    'a bridge over a wide river',
    'Two piers, in a harbour - with 25 boats.',
    'many planes are parked beside the terminal of an airport near a runway',
    'caf\u00e9 \u201croof\u201d and na\u00efve \u7530 signs',
    ' '.join(['several buildings and some green trees are around a square'] * 9),
)
"""Of one word, of usual length, with marks, with characters beyond ASCII, and too long."""
SIZES = ((224, 224), (300, 180), (97, 641))
"""Height and width of the pictures of noise that are tried."""
BATCHES = (1, 3)


@dataclass(frozen=True)
class ExportReport:
    """How an export differs from the torch model.

    Args:
        arithmetic: ``'fp32'`` or ``'int8'``.
        text: greatest difference of a number of a text's embedding.
        image: of a picture's embedding, its own preprocessing included.
        text_cosine: mean similarity of a text's two embeddings.
        image_cosine: likewise of pictures.
        bytes: of all files.
    """

    arithmetic: str
    text: float
    image: float
    text_cosine: float
    image_cosine: float
    bytes: int

    def __str__(self) -> str:
        return (
            f'{self.arithmetic}, {self.bytes / 2**20:.0f} MiB; against torch: texts differ by at '
            f'most {self.text:.1e} (mean cosine {self.text_cosine:.5f}), pictures by '
            f'{self.image:.1e} ({self.image_cosine:.5f})'
        )


def export_onnx(model: nn.Module, out: str | Path, arithmetic: str = 'fp32') -> ExportReport:
    """Write the towers of a dual encoder, its tokenizer and its preprocessing into a folder.

    Batch and length of texts are free, the size of pictures is that of the config. The folder is
    whole or not there: it is compared with torch on sentences and pictures of several sizes first.
    An index that either model has made is searched by the other.

    Args:
        model: a dual encoder from :func:`pir_mm.apis.load_retriever`, on the CPU.
        out: folder, new or of an earlier export.
        arithmetic: ``'fp32'``, or ``'int8'``: weights of linear layers as 8-bit integers, whose
            inputs are rounded as they come; convolutions stay as they are.

    Raises:
        ModuleNotFoundError: if the extra ``onnx`` is not installed.
        ValueError: if the model is no dual encoder, its tokenizer or a step of its test pipeline
            cannot be exported, ``out`` is another folder, or the result differs from torch.
    """
    if arithmetic not in ARITHMETICS:
        raise ValueError(f'arithmetic must be one of {", ".join(ARITHMETICS)}, got {arithmetic!r}')
    for library in ('onnx', 'onnxruntime'):
        import_extra(library, 'onnx', 'an export needs')
    out = Path(out)
    if out.exists() and not is_export(out) and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f'{out} is no earlier export: choose another folder, or empty it')
    require_ready(model)
    if next(model.parameters()).device.type != 'cpu':
        raise ValueError('a model is exported on the CPU: load it with device cpu')
    content, settings = _tokenizer_of(model)
    preprocess = exported_pipeline(model)
    pictures = _noise()
    reader = PictureReader(model)
    pixels = [reader(picture)[0] for picture in pictures]
    if len({tuple(part.shape) for part in pixels}) > 1:
        raise ValueError('the test pipeline gives pictures of several sizes: add a CenterCrop')
    wanted = encode_pixels(model, pixels)
    ids, mask = model.tokenize(list(SENTENCES[:3]))
    with atomic_folder(out) as folder:
        write_text(folder / TOKENIZER, content)
        write_json(folder / PREPROCESS, preprocess)
        images = torch.zeros(2, 3, *pixels[0].shape[-2:])
        write = _trace if arithmetic == 'fp32' else _trace_and_quantise
        write(model.encode_image, (images,), folder / IMAGE, {'images': {0: 'B'}})
        texts = {0: 'M', 1: 'L'}
        inputs = {'token_ids': texts, 'token_mask': texts}
        write(model.encode_text, (ids, mask), folder / TEXT, inputs)
        sizes = {name: (folder / name).stat().st_size for name in FILES}
        fingerprint = model_fingerprint(model, wanted.shape[1])
        ExportCard(fingerprint, arithmetic, settings, sizes).write(folder)
        report = _compare(model, ExportedRetriever(folder), pictures, wanted, arithmetic)
    return report


def _tokenizer_of(model: nn.Module) -> tuple[str, Mapping[str, Any]]:
    tokenizer = getattr(model, 'tokenizer', None)
    if not hasattr(tokenizer, 'exported'):
        raise ValueError(
            f'{type(tokenizer).__name__} cannot be exported: a tokenizer needs a method '
            'exported(), as WordPieceTokenizer and CLIPTokenizer have it'
        )
    return tokenizer.exported()


def _noise() -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    coarse = [generator.integers(0, 256, (h // 16 + 1, w // 16 + 1, 3)) for h, w in SIZES]
    return [
        part.repeat(16, axis=0).repeat(16, axis=1)[:h, :w].astype(np.uint8)
        for part, (h, w) in zip(coarse, SIZES, strict=True)
    ]


def _trace(
    encode: Any, inputs: tuple[Tensor, ...], path: Path, free: Mapping[str, Mapping[int, str]]
) -> None:
    tower = _Tower(encode).eval()
    with torch.no_grad(), warnings.catch_warnings(), _without_fast_path():
        warnings.simplefilter('ignore')  # of shapes that become constants: the comparison tells
        torch.onnx.export(
            tower,
            inputs,
            str(path),
            input_names=list(free),
            output_names=['embedding'],
            dynamic_axes={**free, 'embedding': {0: next(iter(free.values()))[0]}},
            opset_version=OPSET,
            dynamo=False,
        )


class _Tower(nn.Module):
    """One method of a model as a module, which a trace wants."""

    def __init__(self, encode: Any) -> None:
        super().__init__()
        self.model = encode.__self__
        self.encode = encode

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.encode(*inputs)


@contextmanager
def _without_fast_path() -> Any:
    """Torch's own kernel of a whole attention layer has no counterpart in ONNX."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _trace_and_quantise(
    encode: Any, inputs: tuple[Tensor, ...], path: Path, free: Mapping[str, Mapping[int, str]]
) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = path.with_name(f'plain-{path.name}')
    _trace(encode, inputs, plain, free)
    linear = ['MatMul', 'Gemm']
    quantize_dynamic(plain, path, op_types_to_quantize=linear, weight_type=QuantType.QInt8)
    plain.unlink()


def _compare(
    model: nn.Module,
    exported: ExportedRetriever,
    pictures: list[np.ndarray],
    wanted: np.ndarray,
    arithmetic: str,
) -> ExportReport:
    """The differences between both models; raises where they are too large."""
    ids, mask = exported.tokenizer(SENTENCES)
    with torch.inference_mode():
        own_ids, own_mask = model.tokenize(list(SENTENCES))
        if not (np.array_equal(ids, own_ids) and np.array_equal(mask, own_mask)):
            raise ValueError(
                'the exported tokenizer reads a sentence otherwise: nothing is written'
            )
        texts, found = [], []
        for size in (*BATCHES, len(SENTENCES)):
            length = int(mask[:size].sum(axis=1).max())
            part = ids[:size, :length], mask[:size, :length]
            texts.append(model.encode_text(*map(torch.from_numpy, part)).numpy())
            found.append(exported.encode_text(*part))
    images = exported.embed_images(pictures)
    pairs = [(np.concatenate(texts), np.concatenate(found)), (wanted, images)]
    off = [float(np.abs(ours - theirs).max()) for theirs, ours in pairs]
    cosine = [float((ours * theirs).sum(axis=1).mean()) for theirs, ours in pairs]
    for what, difference, similarity in zip(('texts', 'pictures'), off, cosine, strict=True):
        exact = arithmetic == 'fp32'
        if not (difference <= TOLERANCE if exact else similarity >= LEAST_COSINE):
            raise ValueError(
                f'the export differs from torch by {difference:.1e} on {what} (mean cosine '
                f'{similarity:.4f}), above {TOLERANCE if exact else 1 - LEAST_COSINE:.0e}: nothing '
                'is written'
            )
    total = sum(exported.card.sizes.values())
    return ExportReport(arithmetic, *off, *cosine, total)
