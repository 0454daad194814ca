"""PIR-ITR small enough for a CPU: ResNet-18, a 2-layer BERT and a ResNet-18 prior, width 256.

The prior is the scene classifier that `configs/scene/resnet18_aid.py` trains, and the image
encoder starts from the same weights; the text encoder starts at random.
"""

model = dict(
    type='pir_mm.PIR',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    tokenizer=dict(type='pir_mm.WordPieceTokenizer', vocab='data/rsicd/vocab.txt', max_tokens=47),
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        backbone=dict(type='mmpretrain.ResNet', depth=18),
        dim=256,
        init='work_dirs/resnet18_aid/epoch_20.pth',
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=256,
        vocab_size=4000,
        hidden_size=256,
        layers=2,
        heads=4,
        intermediate_size=1024,
        max_positions=64,
    ),
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder',
        backbone=dict(type='mmpretrain.ResNet', depth=18),
        dim=256,
        init='work_dirs/resnet18_aid/epoch_20.pth',
    ),
    # of 10 at 96 pixels, 17 at 128: the local tokens and the global one
    selector=dict(type='pir_mm.BeliefSelector', strategy='hard', keep=6),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=256, layers=1, heads=4, dropout=0.1),
    temporal_pae=dict(type='pir_mm.TemporalPAE', dim=256, layers=1, heads=4, dropout=0.1),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=256),
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(
            # the authors' choice: a text of the same words under another image is a negative
            contrastive=dict(type='pir_mm.ContrastiveLoss', positives='image'),
            affiliation=dict(type='pir_mm.AffiliationLoss', weight=1.0),
        ),
    ),
)
