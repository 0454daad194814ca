"""ResNet-50 and GRU, triplet loss over all negatives, on RSICD: row VSE0 (TL) of table I.

mim train pir_mm configs/pir/table1/vse_resnet50_gru_rsicd.py --gpus 2 --launcher pytorch
"""

_base_ = './vse_swin_bert_triplet_rsicd.py'

model = dict(
    tokenizer=dict(vocab='data/rsicd/vocab.txt'),
    image_encoder=dict(
        backbone=dict(_delete_=True, type='mmpretrain.ResNet', depth=50),
        init='data/weights/resnet50_imagenet.pth',
    ),
    text_encoder=dict(_delete_=True, type='pir_mm.GRUEncoder', dim=512),
)
