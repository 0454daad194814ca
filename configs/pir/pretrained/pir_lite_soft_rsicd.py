"""All of PIR-ITR on frozen parts with the soft belief strategy: all tokens, weighed.

mim train pir_mm configs/scene/lite0_aid_clean.py
mim train pir_mm configs/pir/pretrained/pir_lite_soft_rsicd.py
"""

_base_ = './pir_lite_hard_rsicd.py'

model = dict(selector=dict(_delete_=True, type='pir_mm.BeliefSelector', strategy='soft'))
