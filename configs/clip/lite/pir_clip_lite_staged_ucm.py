"""Stage 2 from stage 1 with instruction (soft belief) and affiliation loss: all of PIR-CLIP.

mim train pir_mm configs/scene/lite0_aid_clean.py
mim train pir_mm configs/clip/lite/pir_clip_lite_staged_ucm.py
"""

_base_ = './clip_lite_staged_al_ucm.py'

model = dict(
    image_encoder=dict(with_tokens=True),
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder',
        backbone=dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'),
        dim=512,
        init='work_dirs/lite0_aid_clean/epoch_5.pth',
        image_size=128,  # it was trained on pictures of this size
    ),
    selector=dict(type='pir_mm.BeliefSelector', strategy='soft'),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=512, layers=1, heads=8, dropout=0.2),
)
default_hooks = dict(
    features=dict(
        parts=dict(image_encoder='lite0_levels_tokens', instruction_encoder='lite0_aid_clean')
    )
)
