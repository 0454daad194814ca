"""PIR-ITR on RSITMD with a ViT (DeiT-small) trained on RESISC45 as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vit_small_resisc45_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_vit_small_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='data/weights/vit_small_resisc45.pth'))
