"""Stage 2 on UCM-Captions from stage 1.

mim train pir_mm configs/clip/lite/clip_lite_stage1.py
mim train pir_mm configs/clip/lite/clip_lite_staged_ucm.py
"""

_base_ = './clip_lite_ucm.py'

model = dict(init='work_dirs/clip_lite_stage1/epoch_8.pth')
