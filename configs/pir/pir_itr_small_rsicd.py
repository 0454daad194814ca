"""PIR-ITR on RSICD, small enough for two CPU cores, from a scene classifier trained on AID.

mim train pir_mm configs/scene/resnet18_aid.py
mim train pir_mm configs/pir/pir_itr_small_rsicd.py
"""

_base_ = [
    '../_base_/models/pir_small.py',
    '../_base_/datasets/rsicd_128.py',
    '../_base_/retrieval_runtime.py',
    '../_base_/schedules/adamw_small_4e.py',
]
