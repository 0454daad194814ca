"""The baseline with the affiliation loss, weight 1 as in the paper.

mim train pir_mm configs/pir/pretrained/pir_lite_al_rsicd.py
"""

_base_ = './pir_lite_baseline_rsicd.py'

model = dict(
    head=dict(
        losses=dict(affiliation=dict(type='pir_mm.AffiliationLoss', weight=1.0)),
        temperatures=dict(affiliation=dict(init=0.07, fixed=True)),
    )
)
