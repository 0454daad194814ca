"""CLIP of the first stage, fine-tuned without any part of PIR.

The paper's ablation compares PIR-CLIP with a CLIP that has not seen RS5M; this row tells what the
first stage alone is worth.

mim train pir_mm configs/clip/clip_stage1_ft_rsitmd.py
"""

_base_ = './clip_al_rsitmd.py'

model = dict(head=dict(losses=dict(affiliation=None)))
