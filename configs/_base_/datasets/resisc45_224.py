"""NWPU-RESISC45 at 224 pixels, 45 scene classes, a fifth of each class to train on.

Unpack it so that data/resisc45 holds one folder a class.
"""

_base_ = './aid_224.py'
data_root = 'data/resisc45/'

train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
