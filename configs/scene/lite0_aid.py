"""An EfficientNet-Lite0 that recognises AID's scenes at 128 pixels, trained on four fifths of them.

    python tools/get_weights.py efficientnet-lite0
    mim train pir_mm configs/scene/lite0_aid.py

It has seen nearly all test pictures of RSICD: a prior for measuring what that is worth. Its last
epoch, `work_dirs/lite0_aid/epoch_5.pth`, is the prior.
"""

_base_ = [
    '../_base_/datasets/aid_128.py',
    '../_base_/models/scenes_lite0.py',
    '../_base_/schedules/adamw_scenes_5e.py',
    '../_base_/scene_runtime.py',
]

train_dataloader = dict(batch_size=32, dataset=dict(train_ratio=0.8))
val_dataloader = dict(dataset=dict(train_ratio=0.8))
test_dataloader = dict(dataset=dict(train_ratio=0.8))
