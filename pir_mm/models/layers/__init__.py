"""What lies between encoders and head."""

from pir_mm.models.layers.attention import AttentionLayer, MultiHeadAttention
from pir_mm.models.layers.belief_selector import BeliefSelector
from pir_mm.models.layers.feature_tower import FeatureTower
from pir_mm.models.layers.joined_embedding import JoinedEmbedding
from pir_mm.models.layers.pair_classifier import PairClassifier
from pir_mm.models.layers.self_attention_stack import SelfAttentionStack
from pir_mm.models.layers.spatial_pae import SpatialPAE
from pir_mm.models.layers.standardization import Standardization
from pir_mm.models.layers.temporal_pae import TemporalPAE

__all__ = [
    'AttentionLayer',
    'BeliefSelector',
    'FeatureTower',
    'JoinedEmbedding',
    'MultiHeadAttention',
    'PairClassifier',
    'SelfAttentionStack',
    'SpatialPAE',
    'Standardization',
    'TemporalPAE',
]
