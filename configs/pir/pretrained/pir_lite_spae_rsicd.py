"""The baseline with Spatial-PAE, which brings the prior and the selector (hard belief).

mim train pir_mm configs/scene/lite0_aid_clean.py
mim train pir_mm configs/pir/pretrained/pir_lite_spae_rsicd.py
"""

_base_ = './pir_lite_hard_rsicd.py'

model = dict(
    temporal_pae=None,
    head=dict(
        losses=dict(affiliation=None),
        temperatures=dict(_delete_=True, contrastive=dict(init=0.07, fixed=True)),
    ),
)
