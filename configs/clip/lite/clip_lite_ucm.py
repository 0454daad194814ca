"""Stage 2 alone on UCM-Captions: a frozen EfficientNet-Lite0, MiniLM fine-tuned.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/clip/lite/clip_lite_ucm.py
"""

_base_ = '../../pir/pretrained/pir_itr_lite_rsicd.py'

data = dict(data_root='data/ucm/')
train_dataloader = dict(batch_size=64, dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
default_hooks = dict(features=dict(folder='data/features/ucm_224'))
