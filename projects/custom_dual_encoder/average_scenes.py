"""Another dual encoder on the demo's data, schedule and runtime.

PYTHONPATH=. mim train pir_mm projects/custom_dual_encoder/average_scenes.py
"""

_base_ = '../../configs/demo/pir_itr_scenes.py'

custom_imports = dict(imports=['projects.custom_dual_encoder.average_encoder'])
model = dict(
    _delete_=True,
    type='pir_mm.AverageEncoder',
    backbone=dict(type='mmpretrain.ResNet', depth=18, stem_channels=32, base_channels=32),
    channels=256,
    vocab_size=4000,
    data_preprocessor=_base_.model.data_preprocessor,
    tokenizer=_base_.model.tokenizer,
    head=dict(
        type='pir_mm.RetrievalHead', losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss'))
    ),
)
