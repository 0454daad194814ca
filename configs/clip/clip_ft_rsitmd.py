"""CLIP-FT on RSITMD.

mim train pir_mm configs/clip/clip_ft_rsitmd.py
"""

_base_ = './clip_ft_rsicd.py'

data = dict(data_root='data/rsitmd/')
train_dataloader = dict(dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
