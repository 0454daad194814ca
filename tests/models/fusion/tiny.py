"""A fusion model of some thousand weights, and batches for it."""

import torch
from mmengine.registry import MODELS

from pir_mm.functional.masking import WordPieces, mask_words
from pir_mm.structures.pair_batch import PairBatch

DIM, VOCABULARY = 32, 60
BACKBONE = dict(
    type='mmpretrain.VisionTransformer',
    arch=dict(embed_dims=DIM, num_layers=1, num_heads=4, feedforward_channels=64),
    img_size=32,
    patch_size=16,
    out_type='raw',
)
ITM = dict(type='pir_mm.MatchingLoss')
MLM = dict(type='pir_mm.MaskedLanguageLoss', dim=DIM, vocab_size=VOCABULARY)
MVJRC = dict(type='pir_mm.MultiViewLoss', dim=DIM)
LOSSES = dict(itm=ITM, mlm=MLM, mvjrc=MVJRC)
SIZES = dict(heads=4, intermediate_size=64)
CONFIG = dict(
    type='pir_mm.FusionRetriever',
    data_preprocessor=dict(type='pir_mm.PairPreprocessor', mean=[120.0] * 3, std=[60.0] * 3),
    image_encoder=dict(type='pir_mm.ImageEncoder', backbone=BACKBONE, dim=None),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=None,
        vocab_size=VOCABULARY,
        hidden_size=DIM,
        layers=2,
        file_layers=4,
        max_positions=16,
        **SIZES,
    ),
    fusion_encoder=dict(
        type='pir_mm.FusionEncoder', dim=DIM, image_dim=DIM, layers=2, first_layer=2, **SIZES
    ),
    losses=LOSSES,
)
SPECIAL = torch.arange(VOCABULARY) < 5
PIECES = WordPieces(4, SPECIAL, torch.arange(VOCABULARY) >= 50)
"""Ids 0 to 4 are special, the last of them hides words; from 50 on they continue a word."""


def build(**changes):
    """The model with changes to its config; in evaluation mode, always the same weights."""
    torch.manual_seed(0)
    return MODELS.build({**CONFIG, **changes}).eval()


def batch_of(
    images=3, texts=None, image_id=None, text_id=None, image_of_text=None,
    second=False, masked=False, seed=0, dtype=torch.float32,
):  # fmt: skip
    """Images of noise with texts of two to nine pieces, by default one each, shortest first."""
    generator = torch.Generator().manual_seed(seed)
    texts = images if texts is None else texts
    length = torch.randint(4, 12, (texts,), generator=generator).sort().values
    mask = torch.arange(int(length.max())) < length.unsqueeze(1)
    ids = torch.randint(5, VOCABULARY, mask.shape, generator=generator)
    ids[:, 0] = 2
    ids = ids.scatter(1, length.unsqueeze(1) - 1, 3) * mask
    views = torch.randn(2, images, 3, 32, 32, generator=generator, dtype=dtype)
    batch = dict(
        images=views[0],
        token_ids=ids,
        token_mask=mask,
        text_length=length,
        image_of_text=torch.tensor(image_of_text or [row % images for row in range(texts)]),
        image_id=torch.tensor(image_id or list(range(images))),
        text_id=torch.tensor(text_id or list(range(texts))),
        scene=torch.full((images,), -1),
        n_scenes=0,
    )
    if second:
        batch['second_images'] = views[1]
    if masked:
        hidden, chosen = mask_words(ids, PIECES, rate=0.5, generator=generator)
        batch |= {'masked_ids': hidden, 'masked_at': chosen.flatten().nonzero().squeeze(1)}
    return PairBatch(**batch)
