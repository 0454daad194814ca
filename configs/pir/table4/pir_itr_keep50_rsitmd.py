"""PIR-ITR on RSITMD with 50 of 50 tokens kept, a row of table IV.

mim train pir_mm configs/pir/table4/pir_itr_keep50_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(selector=dict(keep=50))
