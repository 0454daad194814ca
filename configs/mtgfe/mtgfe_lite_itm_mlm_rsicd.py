"""Two tasks of MTGFE: image-text matching and hidden words.

mim train pir_mm configs/mtgfe/mtgfe_lite_itm_mlm_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

model = dict(losses=dict(mvjrc=None))
train_dataloader = dict(dataset=dict(pipeline=_base_.train_pipeline))
