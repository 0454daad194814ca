"""The first task of MTGFE alone: image-text matching.

mim train pir_mm configs/mtgfe/mtgfe_lite_itm_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

model = dict(losses=dict(mlm=None, mvjrc=None))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
