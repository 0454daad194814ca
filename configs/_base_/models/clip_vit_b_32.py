"""CLIP ViT-B/32 by open_clip, with one temperature for all losses."""

model = dict(
    type='pir_mm.CLIPRetriever',
    arch='ViT-B-32',
    data_preprocessor=dict(
        type='pir_mm.PairPreprocessor',
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    tokenizer=dict(type='pir_mm.CLIPTokenizer', max_tokens=77),
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss', temperature='clip')),
        temperatures=dict(clip=dict(init=0.07, limits=(0.01, 1.0))),
    ),
)
