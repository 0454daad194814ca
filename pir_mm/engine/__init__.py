"""What mmengine's Runner needs beside its own parts."""

from pir_mm.engine.bf16_optim_wrapper import Bf16OptimWrapper
from pir_mm.engine.checkpoint_loading import (
    load_local_files_safely,
    load_weights,
    prefer_vocabulary_beside,
    trained_model,
)
from pir_mm.engine.cpu_process_group import CPU_MODEL_WRAPPER, join_cpu_process_group
from pir_mm.engine.hooks import (
    BroadcastBuffersHook,
    DivergenceHook,
    EpochSeedHook,
    FeatureCacheHook,
    FilterSimilarityHook,
    RankingSheetHook,
    SafeCheckpointHook,
    TokenizerHook,
)
from pir_mm.engine.hooks.safe_checkpoint_hook import AtomicBackend
from pir_mm.engine.loops import RetrievalTestLoop, RetrievalValLoop
from pir_mm.engine.matrix_decay_constructor import MatrixDecayConstructor

__all__ = [
    'CPU_MODEL_WRAPPER',
    'AtomicBackend',
    'Bf16OptimWrapper',
    'BroadcastBuffersHook',
    'DivergenceHook',
    'EpochSeedHook',
    'MatrixDecayConstructor',
    'FeatureCacheHook',
    'FilterSimilarityHook',
    'RankingSheetHook',
    'RetrievalTestLoop',
    'RetrievalValLoop',
    'SafeCheckpointHook',
    'TokenizerHook',
    'join_cpu_process_group',
    'load_local_files_safely',
    'load_weights',
    'prefer_vocabulary_beside',
    'trained_model',
]
