"""The small baseline with Temporal-PAE.

mim train pir_mm configs/pir/small/pir_small_tpae_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(
    instruction_encoder=None,
    selector=None,
    spatial_pae=None,
    head=dict(losses=dict(affiliation=None)),
)
