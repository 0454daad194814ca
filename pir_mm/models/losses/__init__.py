"""Losses: on the global batch of embeddings, and on the pairs of a fusion model."""

from pir_mm.models.losses.affiliation_loss import AffiliationLoss
from pir_mm.models.losses.contrastive_loss import ContrastiveLoss
from pir_mm.models.losses.distillation_loss import DistillationLoss
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.losses.masked_language_loss import MaskedLanguageLoss
from pir_mm.models.losses.matching_loss import MatchingLoss
from pir_mm.models.losses.multi_view_loss import MultiViewLoss
from pir_mm.models.losses.temperature import Temperature
from pir_mm.models.losses.triplet_loss import TripletLoss

__all__ = [
    'AffiliationLoss',
    'ContrastiveLoss',
    'DistillationLoss',
    'EmbeddedPairs',
    'MaskedLanguageLoss',
    'MatchingLoss',
    'MultiViewLoss',
    'Temperature',
    'TripletLoss',
]
