"""Stage 2 alone with instruction and affiliation loss: all of PIR-CLIP without its first stage.

mim train pir_mm configs/clip/lite/pir_clip_lite_ucm.py
"""

_base_ = './pir_clip_lite_staged_ucm.py'

model = dict(init='random')
