"""PIR-ITR on RSITMD with a ResNet-101 trained on AID as its prior: table V.

mim train pir_mm configs/pir/table5/prior_resnet101_aid_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=dict(
        backbone=dict(depth=101),
        init='data/weights/resnet101_aid.pth',
    )
)
