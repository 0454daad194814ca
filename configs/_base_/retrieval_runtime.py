_base_ = './default_runtime.py'

default_hooks = dict(
    checkpoint=dict(save_best='mR'), visualization=dict(type='pir_mm.RankingSheetHook')
)
val_evaluator = dict(type='pir_mm.RetrievalEvaluator')
test_evaluator = dict(type='pir_mm.RetrievalEvaluator', by_scene=True)
