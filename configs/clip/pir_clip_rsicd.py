"""Stage 2: PIR-CLIP on RSICD, from the first stage and a ResNet that recognises AID's scenes.

mim train pir_mm configs/clip/clip_rs5m.py
mim train pir_mm configs/scene/clip_resnet50_aid.py
cp work_dirs/clip_resnet50_aid/epoch_60.pth data/weights/clip_resnet50_aid.pth
mim train pir_mm configs/clip/pir_clip_rsicd.py

AID holds nearly all test pictures of RSICD: see ../pir/README.md.
"""

_base_ = [
    '../_base_/models/pir_clip.py',
    '../_base_/datasets/rsicd_clip_224.py',
    '../_base_/schedules/adamw_clip_10e.py',
    '../_base_/retrieval_runtime.py',
]
