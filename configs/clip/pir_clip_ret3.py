"""PIR-CLIP on RET-3: RSICD, RSITMD and UCM, each without what a test set of the three shows.

python tools/audit.py mixture data/rsicd:train data/rsitmd:train data/ucm:train --out data/ret \\
    --tests data/rsicd:val data/rsicd:test data/rsitmd:val data/rsitmd:test \\
    data/ucm:val data/ucm:test
mim train pir_mm configs/clip/pir_clip_ret3.py
"""

_base_ = [
    '../_base_/models/pir_clip.py',
    '../_base_/datasets/ret_clip_224.py',
    '../_base_/schedules/adamw_clip_10e.py',
    '../_base_/retrieval_runtime.py',
]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='pir_mm.CaptionMixture',
        datasets=[{{_base_.rsicd_train}}, {{_base_.rsitmd_train}}, {{_base_.ucm_train}}],
    ),
)
