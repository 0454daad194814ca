_base_ = './default_runtime.py'

default_hooks = dict(
    checkpoint=dict(save_best='mR'),
    tokenizer=dict(type='pir_mm.TokenizerHook'),
    visualization=dict(type='pir_mm.RankingSheetHook'),
)
val_cfg = dict(type='pir_mm.RetrievalValLoop')
test_cfg = dict(type='pir_mm.RetrievalTestLoop')
val_evaluator = dict(type='pir_mm.RetrievalEvaluator')
test_evaluator = dict(type='pir_mm.RetrievalEvaluator', by_scene=True)
