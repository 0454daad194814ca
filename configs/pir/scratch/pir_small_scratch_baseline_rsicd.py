"""Two encoders that start at random, and the contrastive loss.

mim train pir_mm configs/pir/scratch/pir_small_scratch_baseline_rsicd.py
"""

_base_ = './pir_small_scratch_rsicd.py'

model = dict(
    instruction_encoder=None,
    selector=None,
    spatial_pae=None,
    temporal_pae=None,
    head=dict(losses=dict(affiliation=None)),
)
