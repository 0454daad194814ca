"""All three tasks of MTGFE, with negatives drawn by the model's own scores of the batch.

mim train pir_mm configs/mtgfe/mtgfe_lite_hard_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

model = dict(losses=dict(itm=dict(negatives='hard')))
