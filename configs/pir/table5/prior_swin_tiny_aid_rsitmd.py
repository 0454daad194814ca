"""PIR-ITR on RSITMD with a Swin-T trained on AID as its prior: table V.

mim train pir_mm configs/pir/table5/prior_swin_tiny_aid_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=dict(
        backbone=dict(_delete_=True, type='mmpretrain.SwinTransformer', arch='tiny'),
        init='data/weights/swin_tiny_aid.pth',
    )
)
