"""Runtime of a model that scores pairs: all epochs are trained, the last weights are kept.

A test reads every pair of a picture and a distinct caption: 3.6 million on RSICD. With a filter in
`test_cfg.cascade` and `k=128` it is a sixth of them at most.
"""

_base_ = './default_runtime.py'

default_hooks = dict(
    tokenizer=dict(type='pir_mm.TokenizerHook'),
    visualization=dict(type='pir_mm.RankingSheetHook'),
)
val_cfg = None
test_cfg = dict(type='pir_mm.RetrievalTestLoop', cascade=dict(k='all'))
test_evaluator = dict(type='pir_mm.RetrievalEvaluator', by_scene=True)
