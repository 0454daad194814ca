"""The small PIR-ITR in which nothing knows scenes: image encoder and prior start at random.

mim train pir_mm configs/pir/scratch/pir_small_scratch_random_prior_rsicd.py
"""

_base_ = './pir_small_scratch_rsicd.py'

model = dict(instruction_encoder=dict(init='random'))
