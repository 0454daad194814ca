"""RSITMD, splits 3432 / 859 / 452, at 224 pixels, one caption a sample.

python tools/prepare_data.py rsitmd --source DIR --out data/rsitmd
"""

_base_ = './rsicd_224.py'
data_root = 'data/rsitmd/'

train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
