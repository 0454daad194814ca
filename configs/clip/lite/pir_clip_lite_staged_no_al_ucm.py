"""Stage 2 from stage 1 with instruction, without affiliation loss.

mim train pir_mm configs/clip/lite/pir_clip_lite_staged_no_al_ucm.py
"""

_base_ = './pir_clip_lite_staged_ucm.py'

model = dict(head=dict(losses=dict(affiliation=None)))
