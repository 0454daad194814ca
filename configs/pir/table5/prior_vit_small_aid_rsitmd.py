"""PIR-ITR on RSITMD with a ViT (DeiT-small) trained on AID as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vit_small_aid_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=dict(
        backbone=dict(
            _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-small', out_type='raw'
        ),
        init='data/weights/vit_small_aid.pth',
    )
)
