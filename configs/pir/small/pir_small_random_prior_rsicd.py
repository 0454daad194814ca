"""The small PIR-ITR under a prior that knows nothing: random weights, frozen.

mim train pir_mm configs/pir/small/pir_small_random_prior_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(instruction_encoder=dict(init='random'))
