"""PIR-ITR on RSITMD with a ResNet-101 left as it is drawn as its prior: table V.

mim train pir_mm configs/pir/table5/prior_resnet101_random_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_resnet101_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='random'))
