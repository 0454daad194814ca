"""Weights of others, converted into files that this package loads."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.weights.loading import load_retriever
from pir_mm.files.weights import WeightFile, read_weight_file
from pir_mm.models.converters import convert_weights
from pir_mm.registry import MODELS
from pir_mm.version import __version__

HEADER = '"""Written by tools/convert_checkpoint.py beside the weights of the same name.'
TEXT = f'''{HEADER}

Wants the vocabulary of the weights, vocab.txt, in this folder. Tests on data/rsicd:

    mim test pir_mm CONFIG --checkpoint WEIGHTS
"""

'''
PACK = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'captions', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
ROOMS = ['datasets', 'models', 'engine', 'evaluation', 'visualization']


def converted_config(model: dict) -> str:
    """Text of a flat config with this model, enough to load and to test it.

    Pictures are squashed to the size of the image encoder, as the authors do.
    """
    size = model['image_encoder']['backbone']['img_size']
    pipeline = [
        dict(type='pir_mm.LoadPicture'),
        dict(type='mmpretrain.Resize', scale=(size, size), interpolation='bicubic'),
        PACK,
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
            collate_fn=dict(type='default_collate'),
            dataset=dict(
                type='pir_mm.CaptionDataset',
                ann_file='captions.json',
                data_root='data/rsicd/',
                split='test',
                test_mode=True,
                pipeline=pipeline,
            ),
        ),
        test_cfg=dict(type='TestLoop'),
        test_evaluator=dict(type='pir_mm.RetrievalEvaluator', by_scene=True),
        randomness=dict(seed=0),
    )
    return TEXT + Config(config).pretty_text


ENDINGS = ('.pth', '.pt', '.bin')


def convert_checkpoint(
    layout: str,
    source: str | Path,
    out: str | Path,
    bert_heads: int | None = None,
    trust: bool = False,
) -> dict:
    """Convert a weight file, all of it or not at all.

    Each tensor of the file is used, dropped by a rule with a name, or refused; each tensor of
    the module that shall take them is there. What is written is loaded again and compared before
    it gets its name. Of ``pir-itr``, a whole retriever, a config is written beside.

    Args:
        layout: ``microsoft-swin``, ``timm-swin``, ``timm-vit``, ``hf-bert``, ``torchvision``,
            ``rsp-aid`` or ``pir-itr``.
        source: file to convert.
        out: file to write.
        bert_heads: attention heads of BERT, which no tensor tells; by default width / 64.
        trust: unpickle the source, which runs whatever code it holds.

    Returns:
        ``meta`` of the written file: ``layout``, ``source``, ``sha256`` of the source,
        ``pir_mm``, the counts ``read``, ``used``, ``made``, ``written`` and ``dropped`` by rule,
        ``beside``, what else is in the file, and ``notes``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read, is of another layout, or a tensor is left over, missing,
            of another shape or not finite.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    config = out.with_suffix('.py') if layout == 'pir-itr' else None
    _check_places(source, out, config)
    file = read_weight_file(source, trust)
    try:
        conversion = convert_weights(layout, file.weights, file.settings, bert_heads)
        weights = conversion.fitted(_names(_build(conversion.target), conversion.part))
    except ValueError as error:
        raise ValueError(f'{source} is not converted: {error}') from error
    meta = _account(layout, source, file, conversion)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f'.{out.stem}.{os.getpid()}{out.suffix}')
    try:
        torch.save({'state_dict': weights, 'meta': meta}, draft)
        if config is None:
            content = torch.load(draft, weights_only=True)['state_dict']
            module = _build(conversion.target).get_submodule(conversion.part.rstrip('.'))
            module.load_state_dict(content, strict=True)
            _compare(module, weights, out)
        else:
            text = converted_config(conversion.target)
            draft.with_suffix('.py').write_text(text, encoding='utf-8')
            _compare(load_retriever(draft.with_suffix('.py'), draft), weights, out)
            os.replace(draft.with_suffix('.py'), config)
        os.replace(draft, out)
    finally:
        draft.unlink(missing_ok=True)
        draft.with_suffix('.py').unlink(missing_ok=True)
    return meta


def _check_places(source: Path, out: Path, config: Path | None) -> None:
    if out.suffix not in ENDINGS:
        raise ValueError(f'{out} shall be a torch file: let it end in {" or ".join(ENDINGS)}')
    if out.exists() and source.exists() and out.samefile(source):
        raise ValueError(f'{out} is the file to convert: give another name to write to')
    if out.is_dir():
        raise ValueError(f'{out} is a folder: give a file name to write to')
    if config is not None and "'" in str(out.absolute().parent):
        raise ValueError(f"{config} could not be read with a ' in the name of its folder")
    if config is not None and config.is_file():
        if not config.read_text(encoding='utf-8', errors='replace').startswith(HEADER):
            raise ValueError(
                f'{config} would be overwritten, which this tool has not written: give another OUT'
            )


def _build(target: dict) -> nn.Module:
    with DefaultScope.overwrite_default_scope('pir_mm'):
        return MODELS.build(target)


def _names(module: nn.Module, part: str) -> dict[str, Tensor]:
    state = module.state_dict()
    return {name.removeprefix(part): w for name, w in state.items() if name.startswith(part)}


def _account(layout: str, source: Path, file: WeightFile, conversion) -> dict:
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


def _compare(module: nn.Module, weights: Mapping[str, Tensor], out: Path) -> None:
    state = module.state_dict()
    wrong = [n for n in weights if n not in state or not torch.equal(state[n], weights[n])]
    if wrong or len(state) != len(weights):
        raise ValueError(
            f'{out} is not written: loaded again, {len(wrong)} of {len(weights)} tensors differ'
        )
