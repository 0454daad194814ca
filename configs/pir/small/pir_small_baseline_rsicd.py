"""Two encoders and the contrastive loss: the baseline of the small models.

mim train pir_mm configs/pir/small/pir_small_baseline_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(
    instruction_encoder=None,
    selector=None,
    spatial_pae=None,
    temporal_pae=None,
    head=dict(losses=dict(affiliation=None)),
)
