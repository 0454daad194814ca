"""Config and checkpoint files of two tiny models on generated scenes: a filter, a fusion model.

They prepare pictures and words in different ways.
"""

from pprint import pformat
from types import SimpleNamespace

import torch

from tests.models.fusion.tiny import BACKBONE, CONFIG, DIM, ITM

PREPROCESSOR = dict(type='pir_mm.PairPreprocessor', mean=[120.0] * 3, std=[60.0] * 3)


def fusion_model(scenes, **changes):
    """Config of a fusion model with matching alone."""
    pieces = len((scenes / 'vocab.txt').read_text(encoding='utf-8').splitlines())
    return {
        **CONFIG,
        'text_encoder': {**CONFIG['text_encoder'], 'vocab_size': pieces},
        'losses': dict(itm=ITM),
        'tokenizer': dict(
            type='pir_mm.WordPieceTokenizer', vocab=f'{scenes}/vocab.txt', max_tokens=14
        ),
        **changes,
    }


def filter_model(scenes):
    """Config of two encoders and nothing else, of another width."""
    fusion = fusion_model(scenes)
    backbone = {**BACKBONE, 'img_size': 48}
    return dict(
        type='pir_mm.PIR',
        data_preprocessor={**PREPROCESSOR, 'mean': [0.0] * 3},
        tokenizer={**fusion['tokenizer'], 'max_tokens': 9},
        image_encoder=dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=24),
        text_encoder={**fusion['text_encoder'], 'dim': 24},
        embedding=dict(type='pir_mm.JoinedEmbedding', dim=24),
        head=dict(type='pir_mm.RetrievalHead'),
    )


def config_text(scenes, model, size, indices=None, **settings):
    """A flat config that trains on four scenes and evaluates on others."""
    pack = dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
        meta_keys=['image_id', 'img_path'],
    )
    pipeline = [
        dict(type='pir_mm.LoadPicture'),
        dict(type='mmpretrain.Resize', scale=(size, size)),
        pack,
    ]

    def loader(split, **dataset):
        return dict(
            batch_size=4,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pir_mm.collate_pairs'),
            dataset=dict(
                type='pir_mm.CaptionDataset', data_root=f'{scenes}/', split=split,
                pipeline=pipeline, indices=indices, **dataset,
            ),
        )  # fmt: skip

    config = dict(
        default_scope='pir_mm',
        model=model,
        train_dataloader=loader('train', sampling='image'),
        val_dataloader=loader('val', test_mode=True),
        test_dataloader=loader('test', test_mode=True),
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=1),
        optim_wrapper=dict(type='pir_mm.Bf16OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3)),
        val_cfg=dict(type='pir_mm.RetrievalValLoop'),
        test_cfg=dict(type='pir_mm.RetrievalTestLoop'),
        val_evaluator=dict(type='pir_mm.RetrievalEvaluator'),
        test_evaluator=dict(type='pir_mm.RetrievalEvaluator'),
        default_hooks=dict(tokenizer=dict(type='pir_mm.TokenizerHook')),
        visualizer=dict(type='mmpretrain.UniversalVisualizer'),
        randomness=dict(seed=0),
        log_level='ERROR',
    )
    for key, value in settings.items():
        config[key] = {**config[key], **value} if isinstance(config.get(key), dict) else value
    return '\n'.join(f'{key} = {pformat(value)}' for key, value in config.items()) + '\n'


def write_files(folder, name, text, seed=0):
    """``config`` and ``checkpoint`` of a model of random weights."""
    from pir_mm.apis.weights import load_retriever

    folder.mkdir(parents=True, exist_ok=True)
    files = SimpleNamespace(config=folder / f'{name}.py', checkpoint=folder / f'{name}.pth')
    files.config.write_text(text, encoding='utf-8')
    torch.manual_seed(seed)
    torch.save({'state_dict': load_retriever(files.config).state_dict()}, files.checkpoint)
    return files


def named(files):
    """How a cascade names files."""
    return dict(config=str(files.config), checkpoint=str(files.checkpoint))


def taught_model(scenes, teacher, **changes):
    """Config of a filter that learns from the fusion model of these files."""
    fusion = fusion_model(scenes)
    return (
        dict(
            type='pir_mm.RetrievalFilter',
            data_preprocessor=fusion['data_preprocessor'],
            tokenizer=fusion['tokenizer'],
            teacher=fusion,
            init=str(teacher.checkpoint),
            classifier=dict(
                type='pir_mm.PairClassifier', image_dim=DIM, text_dim=DIM, hidden=(16, 8)
            ),
            distillation=dict(type='pir_mm.DistillationLoss'),
        )
        | changes
    )


def filter_files(folder, scenes):
    return write_files(folder, 'filter', config_text(scenes, filter_model(scenes), 48), seed=1)


def fusion_files(folder, scenes, name='fusion', **settings):
    return write_files(folder, name, config_text(scenes, fusion_model(scenes), 32, **settings))
