"""All of PIR-ITR on frozen parts: hard belief, 40 of 50 tokens, a prior that saw no test picture.

mim train pir_mm configs/scene/lite0_aid_clean.py
mim train pir_mm configs/pir/pretrained/pir_lite_hard_rsicd.py
"""

_base_ = './pir_lite_baseline_rsicd.py'

model = dict(
    image_encoder=dict(with_tokens=True),
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder',
        backbone=dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'),
        dim=256,
        init='work_dirs/lite0_aid_clean/epoch_5.pth',
        image_size=128,  # it was trained on pictures of this size
    ),
    selector=dict(type='pir_mm.BeliefSelector', strategy='hard', keep=40),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=256, layers=1, heads=4, dropout=0.2),
    temporal_pae=dict(type='pir_mm.TemporalPAE', dim=256, layers=1, heads=4, dropout=0.2),
    head=dict(
        losses=dict(affiliation=dict(type='pir_mm.AffiliationLoss', weight=1.0)),
        temperatures=dict(affiliation=dict(init=0.07, fixed=True)),
    ),
)
default_hooks = dict(
    features=dict(
        parts=dict(image_encoder='lite0_levels_tokens', instruction_encoder='lite0_aid_clean')
    )
)
