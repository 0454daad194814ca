default_scope = 'pir_mm'
custom_imports = dict(
    imports=[
        'pir_mm.datasets',
        'pir_mm.models',
        'pir_mm.engine',
        'pir_mm.evaluation',
        'pir_mm.visualization',
    ],
    allow_failed_imports=False,
)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='pir_mm.SafeCheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        rule='greater',
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    epoch_seed=dict(type='pir_mm.EpochSeedHook'),
    divergence=dict(type='pir_mm.DivergenceHook'),
    buffers=dict(type='pir_mm.BroadcastBuffersHook'),
)

env_cfg = dict(
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(
    type='mmpretrain.UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]
)
log_processor = dict(window_size=20)
log_level = 'INFO'
randomness = dict(seed=0)

val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
