"""Hooks of the training and test loops."""

from pir_mm.engine.hooks.broadcast_buffers_hook import BroadcastBuffersHook
from pir_mm.engine.hooks.divergence_hook import DivergenceHook
from pir_mm.engine.hooks.epoch_seed_hook import EpochSeedHook
from pir_mm.engine.hooks.feature_cache_hook import FeatureCacheHook
from pir_mm.engine.hooks.filter_similarity_hook import FilterSimilarityHook
from pir_mm.engine.hooks.ranking_sheet_hook import RankingSheetHook
from pir_mm.engine.hooks.safe_checkpoint_hook import SafeCheckpointHook
from pir_mm.engine.hooks.tokenizer_hook import TokenizerHook

__all__ = [
    'BroadcastBuffersHook',
    'DivergenceHook',
    'EpochSeedHook',
    'FeatureCacheHook',
    'FilterSimilarityHook',
    'RankingSheetHook',
    'SafeCheckpointHook',
    'TokenizerHook',
]
