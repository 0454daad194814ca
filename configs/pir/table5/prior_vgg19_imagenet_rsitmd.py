"""PIR-ITR on RSITMD with a VGG-19 trained on ImageNet as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vgg19_imagenet_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_vgg19_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='data/weights/vgg19_imagenet.pth'))
