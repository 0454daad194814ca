"""Stage 2 from stage 1, with the affiliation loss at the paper's weight and one temperature.

mim train pir_mm configs/clip/lite/clip_lite_staged_al_ucm.py
"""

_base_ = './clip_lite_staged_ucm.py'

model = dict(
    head=dict(
        losses=dict(
            affiliation=dict(type='pir_mm.AffiliationLoss', weight=1.0, temperature='contrastive')
        )
    )
)
