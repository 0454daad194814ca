"""GeoRSCLIP-FT on RSITMD.

mim train pir_mm configs/clip/georsclip_ft_rsitmd.py
"""

_base_ = './georsclip_ft_rsicd.py'

data = dict(data_root='data/rsitmd/')
train_dataloader = dict(dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
