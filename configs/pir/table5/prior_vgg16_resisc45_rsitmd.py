"""PIR-ITR on RSITMD with a VGG-16 trained on RESISC45 as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vgg16_resisc45_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_vgg16_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='data/weights/vgg16_resisc45.pth'))
