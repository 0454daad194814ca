"""PIR-CLIP: the towers of ViT-B/32, and a frozen ResNet-50 with an attention pool that is trained.

Its instruction weighs the tokens before the image transformer (soft belief) and is read out.
"""

_base_ = './clip_vit_b_32.py'

model = dict(
    init='work_dirs/clip_rs5m/epoch_20.pth',
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder',
        backbone=dict(type='pir_mm.clip_resnet', layers=(3, 4, 6, 3), width=64, dim=512, heads=32),
        dim=768,
        init='data/weights/clip_resnet50_aid.pth',
        trainable=('attnpool.*',),
    ),
    selector=dict(type='pir_mm.BeliefSelector', strategy='soft'),
    head=dict(losses=dict(affiliation=dict(type='pir_mm.AffiliationLoss', temperature='clip'))),
)
