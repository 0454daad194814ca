"""PIR-ITR on RSITMD with a VGG-16 trained on AID as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vgg16_aid_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=dict(
        backbone=dict(_delete_=True, type='mmpretrain.VGG', depth=16, norm_cfg=dict(type='BN')),
        init='data/weights/vgg16_aid.pth',
    )
)
