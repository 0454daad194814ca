"""PIR-ITR on RSICD: hard belief, 40 of 50 tokens, 2 GPUs x 128 captions, 50 epochs.

Pan et al., A Prior Instruction Representation Framework for Remote Sensing Image-text Retrieval,
ACM MM 2023.

    mim train pir_mm configs/pir_itr_swin_bert.py --gpus 2 --launcher pytorch
"""

_base_ = [
    '_base_/models/pir_swin_bert.py',
    '_base_/datasets/rsicd_224.py',
    '_base_/schedules/adamw_50e.py',
    '_base_/retrieval_runtime.py',
]
