"""MTGFE of pretrained parts that two CPU cores train: EfficientNet-Lite0 and MiniLM, 3 + 3 layers.

Image backbone and text encoder are frozen; what they give can be computed once. The weights come by
`python tools/get_weights.py efficientnet-lite0 minilm-l6`.
"""

minilm = dict(heads=12, intermediate_size=1536, layers=3, init='data/weights/minilm-l6')

model = dict(
    type='pir_mm.FusionRetriever',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[127.0, 127.0, 127.0],  # what EfficientNet-Lite was trained with
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    tokenizer=dict(
        type='pir_mm.WordPieceTokenizer', vocab='data/weights/minilm-l6/vocab.txt', max_tokens=40
    ),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'),
        dim=384,
        init='data/weights/efficientnet-lite0.pth',
        frozen=True,
        dropout=0.2,
        levels=[f'timm_model.blocks.{stage}' for stage in range(7)],
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder', dim=None, hidden_size=384, file_layers=6, frozen=True, **minilm
    ),
    fusion_encoder=dict(
        type='pir_mm.FusionEncoder', dim=384, image_dim=384, first_layer=3, **minilm
    ),
    losses=dict(
        itm=dict(type='pir_mm.MatchingLoss'),
        # MiniLM comes without the head that guesses words
        mlm=dict(type='pir_mm.MaskedLanguageLoss', dim=384),
        mvjrc=dict(type='pir_mm.MultiViewLoss', dim=384),
    ),
)
