"""Swin-T and BERT, triplet loss over all negatives, on RSICD: row VSE2 (TL) of table I.

mim train pir_mm configs/pir/table1/vse_swin_bert_triplet_rsicd.py --gpus 2 --launcher pytorch
"""

_base_ = './vse_swin_bert_rsicd.py'

model = dict(
    head=dict(
        losses=dict(
            contrastive=None,
            triplet=dict(type='pir_mm.TripletLoss', positives='image', margin=0.2),
        )
    )
)
