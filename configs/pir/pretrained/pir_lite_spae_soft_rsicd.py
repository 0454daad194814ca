"""The baseline with Spatial-PAE under the soft belief strategy.

mim train pir_mm configs/scene/lite0_aid_clean.py
mim train pir_mm configs/pir/pretrained/pir_lite_spae_soft_rsicd.py
"""

_base_ = './pir_lite_spae_rsicd.py'

model = dict(selector=dict(_delete_=True, type='pir_mm.BeliefSelector', strategy='soft'))
