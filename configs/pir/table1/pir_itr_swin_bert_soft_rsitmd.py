"""PIR-ITR with soft belief, all 50 tokens, on RSITMD: row PIR-ITR soft of table I and of table IV.

mim train pir_mm configs/pir/table1/pir_itr_swin_bert_soft_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(selector=dict(strategy='soft'))
