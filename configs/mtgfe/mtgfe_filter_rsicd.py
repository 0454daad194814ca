"""The filter of the paper on RSICD: 128 captions a step, 30 epochs.

python tools/get_weights.py vit-base-imagenet bert-base
mim train pir_mm configs/mtgfe/mtgfe_rsicd.py --gpus 4 --launcher pytorch
mim train pir_mm configs/mtgfe/mtgfe_filter_rsicd.py --gpus 4 --launcher pytorch
"""

_base_ = [
    '../_base_/models/mtgfe_filter.py',
    '../_base_/datasets/rsicd_224.py',
    '../_base_/retrieval_runtime.py',
    '../_base_/schedules/adamw_filter_30e.py',
]

# both encoders are frozen, so a picture is seen as it is
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=_base_.test_pipeline))
sync_bn = 'torch'
