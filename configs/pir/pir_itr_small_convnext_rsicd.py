"""The small PIR-ITR with a ConvNeXt as image encoder: all that another backbone takes.

mim train pir_mm configs/pir/pir_itr_small_convnext_rsicd.py
"""

_base_ = './pir_itr_small_rsicd.py'

model = dict(
    image_encoder=dict(
        backbone=dict(
            _delete_=True,
            type='mmpretrain.ConvNeXt',
            arch='atto',
            gap_before_final_norm=False,  # the tokens are wanted, not only their mean
        ),
        init='random',
    )
)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'image_encoder.backbone': dict(lr_mult=1.0)}))
