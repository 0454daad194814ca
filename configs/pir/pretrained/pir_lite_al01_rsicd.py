"""The baseline with the affiliation loss, weight 0.1.

mim train pir_mm configs/pir/pretrained/pir_lite_al01_rsicd.py
"""

_base_ = './pir_lite_al_rsicd.py'

model = dict(head=dict(losses=dict(affiliation=dict(weight=0.1))))
