"""The demo with ConvNeXt-T and a selector of one's own; everything else is inherited.

PYTHONPATH=. mim train pir_mm projects/custom_selector/pir_itr_convnext_spread_scenes.py
"""

_base_ = '../../configs/demo/pir_itr_scenes.py'

custom_imports = dict(imports=['projects.custom_selector.spread_selector'])
model = dict(
    image_encoder=dict(
        backbone=dict(
            _delete_=True,
            type='mmpretrain.ConvNeXt',
            arch='tiny',
            gap_before_final_norm=False,
            drop_path_rate=0.1,
        )
    ),
    # of 10 at 96 pixels: the nine cells of ConvNeXt's map and the global token
    selector=dict(_delete_=True, type='pir_mm.SpreadSelector', keep=6, spread=0.5),
)
