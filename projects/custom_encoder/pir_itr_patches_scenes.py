"""The demo with another image backbone; everything else is inherited."""

_base_ = '../../configs/demo/pir_itr_scenes.py'

custom_imports = dict(imports=['projects.custom_encoder.patch_backbone'])
model = dict(
    image_encoder=dict(
        backbone=dict(_delete_=True, type='pir_mm.PatchBackbone', width=256, patch=16)
    )
)
