"""ViT and BERT, contrastive loss, on RSITMD: row VSE1 (CL) of table I.

The paper calls it ViT-B. Its 131 million weights, and the authors' code, are those of DeiT-small,
of width 384. Their code cuts that width into 12 heads; here there are 6, as the public weights
were trained with.

mim train pir_mm configs/pir/table1/vse_vit_bert_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './vse_swin_bert_rsitmd.py'

model = dict(
    image_encoder=dict(
        backbone=dict(
            _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-small', out_type='raw'
        ),
        init='data/weights/vit_small_imagenet.pth',
    )
)
