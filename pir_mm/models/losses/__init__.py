"""Losses on the global batch of embeddings."""

from pir_mm.models.losses.affiliation_loss import AffiliationLoss
from pir_mm.models.losses.contrastive_loss import ContrastiveLoss
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.losses.temperature import Temperature
from pir_mm.models.losses.triplet_loss import TripletLoss

__all__ = ['AffiliationLoss', 'ContrastiveLoss', 'EmbeddedPairs', 'Temperature', 'TripletLoss']
