"""MTGFE on RSITMD: ViT-B/16 and BERT-base, 4 GPUs x 32 captions, 60 epochs.

python tools/get_weights.py vit-base-imagenet bert-base
mim train pir_mm configs/mtgfe/mtgfe_rsitmd.py --gpus 4 --launcher pytorch
"""

_base_ = [
    '../_base_/models/mtgfe.py',
    '../_base_/datasets/rsicd_two_views_224.py',
    '../_base_/matching_runtime.py',
    '../_base_/schedules/adamw_mtgfe_60e.py',
]

train_dataloader = dict(dataset=dict(data_root='data/rsitmd/'))
test_dataloader = dict(dataset=dict(data_root='data/rsitmd/'))
val_dataloader = None
sync_bn = 'torch'
