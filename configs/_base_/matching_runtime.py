"""Runtime of a model that scores pairs: all epochs are trained, the last weights are kept."""

_base_ = './default_runtime.py'

default_hooks = dict(tokenizer=dict(type='pir_mm.TokenizerHook'))
val_cfg = None
test_cfg = None
