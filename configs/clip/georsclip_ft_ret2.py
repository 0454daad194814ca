"""GeoRSCLIP-FT on RET-2: RSICD and RSITMD, each without what a test set of the three shows.

python tools/audit.py mixture data/rsicd:train data/rsitmd:train data/ucm:train --out data/ret \\
    --tests data/rsicd:val data/rsicd:test data/rsitmd:val data/rsitmd:test \\
    data/ucm:val data/ucm:test
mim train pir_mm configs/clip/georsclip_ft_ret2.py
"""

_base_ = './georsclip_ft_rsicd.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='pir_mm.CaptionMixture',
        datasets=[
            dict(
                type='pir_mm.CaptionDataset',
                data_root='data/rsicd/',
                split='train',
                sampling='caption',
                cleaning='none',
                max_words=200,
                leave_out='data/ret/rsicd.txt',
                pipeline={{_base_.train_pipeline}},
            ),
            dict(
                type='pir_mm.CaptionDataset',
                data_root='data/rsitmd/',
                split='train',
                sampling='caption',
                cleaning='none',
                max_words=200,
                leave_out='data/ret/rsitmd.txt',
                pipeline={{_base_.train_pipeline}},
            ),
        ],
    ),
)
