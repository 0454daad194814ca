"""PIR-ITR on RSICD from random weights, on two CPU cores in under an hour.

mim train pir_mm configs/pir/pir_itr_small_rsicd.py
"""

_base_ = [
    '../_base_/models/pir_small.py',
    '../_base_/datasets/rsicd_128.py',
    '../_base_/retrieval_runtime.py',
    '../_base_/schedules/adamw_scratch_36e.py',
]
