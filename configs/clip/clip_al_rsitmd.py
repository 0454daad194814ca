"""CLIP of the first stage with the affiliation loss: the row +AL of the ablations.

mim train pir_mm configs/clip/clip_al_rsitmd.py
"""

_base_ = './pir_clip_rsitmd.py'

model = dict(instruction_encoder=None, selector=None)
