"""PIR-ITR on RSITMD with a VGG-19 trained on AID as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vgg19_aid_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=dict(
        backbone=dict(_delete_=True, type='mmpretrain.VGG', depth=19, norm_cfg=dict(type='BN')),
        init='data/weights/vgg19_aid.pth',
    )
)
