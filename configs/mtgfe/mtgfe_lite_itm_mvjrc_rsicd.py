"""Two tasks of MTGFE: image-text matching and two views.

mim train pir_mm configs/mtgfe/mtgfe_lite_itm_mvjrc_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

model = dict(losses=dict(mlm=None))
