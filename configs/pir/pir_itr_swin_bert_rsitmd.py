"""PIR-ITR on RSITMD.

mim train pir_mm configs/pir/pir_itr_swin_bert_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = [
    '../_base_/models/pir_swin_bert.py',
    '../_base_/datasets/rsitmd_224.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/retrieval_runtime.py',
]
