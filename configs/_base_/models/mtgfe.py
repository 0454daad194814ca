"""MTGFE: ViT-B/16, BERT-base cut into text encoder and fusion encoder, three tasks.

Zhang et al., A Fusion Encoder with Multi-Task Guidance for Cross-Modal Text-Image Retrieval in
Remote Sensing, Remote Sensing 2023. What the paper leaves open is as in ALBEF and SimSiam. The
weights come by `python tools/get_weights.py vit-base-imagenet bert-base`.
"""

model = dict(
    type='pir_mm.FusionRetriever',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[123.675, 116.28, 103.53],  # ImageNet's, with which the ViT was trained
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    tokenizer=dict(
        type='pir_mm.WordPieceTokenizer',
        vocab='data/weights/bert-base-uncased/vocab.txt',
        max_tokens=40,
    ),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(
            type='mmpretrain.VisionTransformer', arch='deit-base', img_size=224, out_type='raw'
        ),
        dim=None,
        init='data/weights/vit_base_imagenet.pth',
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=None,
        layers=6,
        file_layers=12,
        init='data/weights/bert-base-uncased',
    ),
    fusion_encoder=dict(
        type='pir_mm.FusionEncoder',
        layers=6,
        first_layer=6,
        init='data/weights/bert-base-uncased',
    ),
    losses=dict(
        itm=dict(type='pir_mm.MatchingLoss'),
        mlm=dict(type='pir_mm.MaskedLanguageLoss', init='data/weights/bert-base-uncased'),
        mvjrc=dict(type='pir_mm.MultiViewLoss'),
    ),
)
