"""MTGFE on Sydney-Captions: ViT-B/16 and BERT-base, 4 GPUs x 32 captions, 60 epochs.

python tools/get_weights.py vit-base-imagenet bert-base
mim train pir_mm configs/mtgfe/mtgfe_sydney.py --gpus 4 --launcher pytorch
"""

_base_ = './mtgfe_rsitmd.py'

train_dataloader = dict(dataset=dict(data_root='data/sydney/'))
test_dataloader = dict(dataset=dict(data_root='data/sydney/'))
