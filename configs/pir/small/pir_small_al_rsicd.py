"""The small baseline with the affiliation loss.

mim train pir_mm configs/pir/small/pir_small_al_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(instruction_encoder=None, selector=None, spatial_pae=None, temporal_pae=None)
