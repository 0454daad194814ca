"""PIR-CLIP on RSITMD.

mim train pir_mm configs/clip/pir_clip_rsitmd.py
"""

_base_ = './pir_clip_rsicd.py'

data = dict(data_root='data/rsitmd/')
train_dataloader = dict(dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
