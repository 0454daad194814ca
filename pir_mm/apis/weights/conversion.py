"""Convert the weights of other projects into files that this package loads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.weights.trained import load_trained
from pir_mm.files.weights import WeightFile, read_weight_file
from pir_mm.files.writing import atomic_file
from pir_mm.files.zipped_weights import unpacked
from pir_mm.models.converters import RETRIEVERS, Conversion, convert_weights
from pir_mm.models.encoders.clip_towers import clip_config
from pir_mm.registry import MODELS
from pir_mm.version import __version__

ENDINGS = ('.pth', '.pt', '.bin')
# Every written config starts with this line. No other file is overwritten.
HEADER = '"""Written by tools/convert_checkpoint.py beside the weights of the same name.'
DOCSTRING = f'''{HEADER}

{{}}To test it on data/rsicd:

    mim test pir_mm CONFIG --checkpoint WEIGHTS
"""

'''
ROOMS = ('datasets', 'models', 'engine', 'evaluation', 'visualization')


def convert_checkpoint(
    layout: str,
    source: str | Path,
    out: str | Path,
    trust: bool = False,
    **options: Any,
) -> dict:
    """Convert a weight file, all of it or nothing.

    Every tensor of the file is used, dropped by a named rule, or the file is refused. Every tensor
    of the module that takes the weights must be there. The new file is loaded and compared before
    it gets its name. Beside a whole retriever, such as ``pir-itr``, a config is written.

    Args:
        layout: a key of :data:`pir_mm.models.converters.LAYOUTS`.
        source: file to convert, or a zip archive with one weight file in it.
        out: file to write.
        trust: whether to unpickle the source, which runs any code that it holds.
        options: what the weights do not show: ``bert_heads`` (attention heads of BERT, by default
            its width / 64), ``variant`` (of PIR-CLIP's selector), ``arch`` (open_clip's name of
            the architecture).

    Returns:
        ``meta`` of the new file: ``layout``, ``source``, ``sha256`` of the weight file, ``pir_mm``
        (version), the numbers of tensors ``read``, ``used``, ``made``, ``written`` and, by rule,
        ``dropped``, what else is in the source (``beside``), and ``notes``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be read or has another layout, or a tensor is left over,
            missing, of another shape or not finite.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    config = out.with_suffix('.py') if layout in RETRIEVERS else None
    _check_paths(source, out, config)
    file = _read(source, out, trust)
    try:
        conversion = convert_weights(layout, file.weights, file.settings, **options)
        weights = conversion.fitted(_target_module(conversion).state_dict())
    except ValueError as error:
        raise ValueError(f'{source} is not converted: {error}') from error
    meta = _meta(layout, source, file, conversion)
    _write(conversion, weights, meta, out, config)
    return meta


def _read(source: Path, out: Path, trust: bool) -> WeightFile:
    with unpacked(source, out) as path:
        try:
            return read_weight_file(path, trust)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), str(source))) from error


def converted_config(model: dict) -> str:
    """Text of a flat config that loads and tests this model, with images as its authors take them.

    PIR-ITR's are resized to a square, CLIP's to the length of the shorter edge, and cut.
    """
    is_clip = model['type'] == 'pir_mm.CLIPRetriever'
    pipeline = [
        dict(type='pir_mm.LoadPicture'),
        *(_clip_square(model['arch']) if is_clip else _square(model)),
        dict(
            type='mmpretrain.PackInputs',
            algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
            meta_keys=['image_id', 'img_path'],
        ),
    ]
    config = dict(
        default_scope='pir_mm',
        custom_imports=dict(
            imports=[f'pir_mm.{room}' for room in ROOMS], allow_failed_imports=False
        ),
        model=model,
        test_dataloader=dict(
            batch_size=128,
            num_workers=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pir_mm.collate_pairs'),
            dataset=dict(
                type='pir_mm.CaptionDataset',
                ann_file='captions.json',
                data_root='data/rsicd/',
                split='test',
                test_mode=True,
                pipeline=pipeline,
            ),
        ),
        default_hooks=dict(tokenizer=dict(type='pir_mm.TokenizerHook')),
        test_cfg=dict(type='pir_mm.RetrievalTestLoop'),
        test_evaluator=dict(type='pir_mm.RetrievalEvaluator', by_scene=True),
        randomness=dict(seed=0),
    )
    vocabulary = 'It needs vocab.txt, the vocabulary of the weights, in this folder. '
    return DOCSTRING.format('' if is_clip else vocabulary) + Config(config).pretty_text


def _square(model: dict) -> list[dict]:
    size = model['image_encoder']['backbone']['img_size']
    return [dict(type='mmpretrain.Resize', scale=(size, size), interpolation='bicubic')]


def _clip_square(arch: str | dict) -> list[dict]:
    size = clip_config(arch)['vision_cfg']['image_size']
    return [
        dict(type='mmpretrain.ResizeEdge', scale=size, edge='short', interpolation='bicubic'),
        dict(type='mmpretrain.CenterCrop', crop_size=size),
    ]


def _check_paths(source: Path, out: Path, config: Path | None) -> None:
    if out.suffix not in ENDINGS:
        raise ValueError(f'{out} must be a torch file: let its name end in {" or ".join(ENDINGS)}')
    if out.exists() and source.exists() and out.samefile(source):
        raise ValueError(f'{out} is the file to convert: give another name to write to')
    if out.is_dir():
        raise ValueError(f'{out} is a folder: give a file name to write to')
    if config is not None and "'" in str(out.absolute().parent):
        raise ValueError(f"{config} could not be read: the name of its folder must not have a '")
    if config is not None and config.is_file():
        if not config.read_text(encoding='utf-8', errors='replace').startswith(HEADER):
            raise ValueError(
                f'{config} exists and was not written by this tool, so it is not overwritten: give '
                'another OUT'
            )


def _meta(layout: str, source: Path, file: WeightFile, conversion: Conversion) -> dict:
    dropped = {rule: len(names) for rule, names in conversion.dropped.items()}
    used = len(conversion.used)
    if used + sum(dropped.values()) != len(file.weights):
        raise ValueError(
            f'{source} is not converted: of its {len(file.weights)} tensors {used} are used and '
            f'{sum(dropped.values())} dropped, the others are lost'
        )
    return dict(
        layout=layout,
        source=source.name,
        sha256=file.sha256,
        pir_mm=__version__,
        read=len(file.weights),
        used=used,
        dropped=dropped,
        made=len(conversion.made),
        written=len(conversion.weights),
        beside=file.beside,
        notes=conversion.notes,
    )


def _write(
    conversion: Conversion,
    weights: Mapping[str, Tensor],
    meta: dict,
    out: Path,
    config: Path | None,
) -> None:
    """Write weights and config under temporary names, compare, and rename."""
    with atomic_file(out) as new:
        torch.save({'state_dict': weights, 'meta': meta}, new)
        if config is None:
            module = _target_module(conversion)
            module.load_state_dict(torch.load(new, weights_only=True)['state_dict'], strict=True)
            _compare(module, weights, out)
            return
        with atomic_file(config) as new_config:
            new_config.write_text(converted_config(conversion.target), encoding='utf-8')
            _compare(load_trained(new_config, new), weights, out)


def _target_module(conversion: Conversion) -> nn.Module:
    with DefaultScope.overwrite_default_scope('pir_mm'):
        module = MODELS.build(conversion.target)
    return module.get_submodule(conversion.part.rstrip('.'))


def _compare(module: nn.Module, weights: Mapping[str, Tensor], out: Path) -> None:
    state = module.state_dict()
    wrong = [n for n in weights if n not in state or not torch.equal(state[n], weights[n])]
    if wrong or len(state) != len(weights):
        raise ValueError(
            f'{out} is not written: {len(wrong)} of {len(weights)} tensors differ when it is '
            'loaded again'
        )
