"""The training sets of RET-2 and RET-3, each without what a test set of the three shows.

python tools/audit.py mixture data/rsicd:train data/rsitmd:train data/ucm:train --out data/ret \\
    --tests data/rsicd:val data/rsicd:test data/rsitmd:val data/rsitmd:test \\
    data/ucm:val data/ucm:test
"""

_base_ = './rsicd_clip_224.py'

rsicd_train = dict(
    type='pir_mm.CaptionDataset',
    data_root='data/rsicd/',
    split='train',
    sampling='caption',
    cleaning='none',
    max_words=200,
    leave_out='data/ret/rsicd.txt',
    pipeline={{_base_.train_pipeline}},
)
rsitmd_train = dict(rsicd_train, data_root='data/rsitmd/', leave_out='data/ret/rsitmd.txt')
ucm_train = dict(rsicd_train, data_root='data/ucm/', leave_out='data/ret/ucm.txt')
