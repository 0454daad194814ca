"""PIR-ITR of pretrained parts that two CPU cores train: EfficientNet-Lite0, MiniLM and a prior.

The image backbone is frozen; what it gives can be computed once. The weights come by
`python tools/get_weights.py efficientnet-lite0 minilm-l6`.
"""

model = dict(
    type='pir_mm.PIR',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[127.0, 127.0, 127.0],  # what EfficientNet-Lite was trained with
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    tokenizer=dict(
        type='pir_mm.WordPieceTokenizer', vocab='data/weights/minilm-l6/vocab.txt', max_tokens=47
    ),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'),
        dim=256,
        init='data/weights/efficientnet-lite0.pth',
        frozen=True,
        dropout=0.2,
        with_tokens=False,
        levels=[f'timm_model.blocks.{stage}' for stage in range(7)],
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=256,
        hidden_size=384,
        layers=6,
        heads=12,
        intermediate_size=1536,
        pooling='mean',
        init='data/weights/minilm-l6',
    ),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=256),
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss')),
        # learnt, it falls to 0.03 within these few epochs and costs 1 mR of validation
        temperatures=dict(contrastive=dict(init=0.07, fixed=True)),
    ),
)
