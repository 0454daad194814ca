"""MTGFE on RSICD: ViT-B/16 and BERT-base, 4 GPUs x 32 captions, 60 epochs.

python tools/get_weights.py vit-base-imagenet bert-base
mim train pir_mm configs/mtgfe/mtgfe_rsicd.py --gpus 4 --launcher pytorch
"""

_base_ = './mtgfe_rsitmd.py'

train_dataloader = dict(dataset=dict(data_root='data/rsicd/'))
test_dataloader = dict(dataset=dict(data_root='data/rsicd/'))
param_scheduler = [
    # the 1000 steps of the paper, of 20500
    dict(type='LinearLR', start_factor=0.1, begin=0, end=3, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-5, begin=3, end=60, convert_to_iter_based=True),
]
