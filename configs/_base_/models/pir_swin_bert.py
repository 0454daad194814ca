"""PIR-ITR: Swin-T, BERT-base, a ResNet-50 scene classifier as the prior (MM 2023, section 3)."""

model = dict(
    type='pir_mm.PIR',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        # CLIP's statistics, as in the authors' code, in units of 0..255
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    tokenizer=dict(
        type='pir_mm.WordPieceTokenizer',
        vocab='data/weights/bert-base-uncased/vocab.txt',
        max_tokens=47,
    ),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(
            type='mmpretrain.SwinTransformer', arch='tiny', img_size=224, drop_path_rate=0.1
        ),
        dim=512,
        init='data/weights/swin_tiny_patch4_window7_224_22k.pth',
    ),
    text_encoder=dict(type='pir_mm.BertEncoder', dim=512, init='data/weights/bert-base-uncased'),
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder',
        backbone=dict(type='mmpretrain.ResNet', depth=50),
        dim=512,
        init='data/weights/resnet50_aid.pth',
    ),
    selector=dict(type='pir_mm.BeliefSelector', strategy='hard', keep=40),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=512, layers=2, heads=8, dropout=0.2),
    temporal_pae=dict(type='pir_mm.TemporalPAE', dim=512, layers=3, heads=8, dropout=0.2),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=512),
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(
            # the authors' choice: a text of the same words under another image is a negative
            contrastive=dict(type='pir_mm.ContrastiveLoss', positives='image'),
            affiliation=dict(type='pir_mm.AffiliationLoss', weight=1.0),
        ),
    ),
)
