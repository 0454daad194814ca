"""Stage 2 from stage 1 with the instruction of another picture, without affiliation loss.

mim train pir_mm configs/clip/lite/pir_clip_lite_staged_shuffled_ucm.py
"""

_base_ = './pir_clip_lite_staged_no_al_ucm.py'

default_hooks = dict(features=dict(shuffled=['instruction_encoder']))
