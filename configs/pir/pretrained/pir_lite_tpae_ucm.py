"""pir_lite_tpae on UCM-Captions.

mim train pir_mm configs/pir/pretrained/pir_lite_tpae_ucm.py
"""

_base_ = './pir_lite_tpae_rsicd.py'

data = dict(data_root='data/ucm/')
train_dataloader = dict(batch_size=64, dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
default_hooks = dict(features=dict(folder='data/features/ucm_224'))
