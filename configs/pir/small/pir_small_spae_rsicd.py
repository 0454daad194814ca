"""The small baseline with Spatial-PAE, which brings the prior and the selector.

mim train pir_mm configs/pir/small/pir_small_spae_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(temporal_pae=None, head=dict(losses=dict(affiliation=None)))
