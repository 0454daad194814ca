"""The small PIR-ITR with the soft belief strategy: all tokens, weighed.

mim train pir_mm configs/pir/small/pir_small_soft_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(selector=dict(strategy='soft'))
