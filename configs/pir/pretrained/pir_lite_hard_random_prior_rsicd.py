"""All of PIR-ITR on frozen parts under a prior that knows nothing: random weights.

mim train pir_mm configs/pir/pretrained/pir_lite_hard_random_prior_rsicd.py
"""

_base_ = './pir_lite_hard_rsicd.py'

model = dict(instruction_encoder=dict(init='random'))
# each seed draws another prior, which is therefore not computed once
default_hooks = dict(
    features=dict(
        parts=dict(_delete_=True, image_encoder='lite0_levels_tokens', text_encoder='minilm')
    )
)
