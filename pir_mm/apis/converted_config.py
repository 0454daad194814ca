"""The config that is written beside the converted weights of a whole retriever."""

from mmengine.config import Config

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
