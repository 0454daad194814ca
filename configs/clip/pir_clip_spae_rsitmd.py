"""PIR-CLIP without the affiliation loss: the row +S-PAE of the ablations.

mim train pir_mm configs/clip/pir_clip_spae_rsitmd.py
"""

_base_ = './pir_clip_rsitmd.py'

model = dict(head=dict(losses=dict(affiliation=None)))
