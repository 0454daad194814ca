"""PIR-ITR with soft belief, all 50 tokens, on RSICD: row PIR-ITR soft of table I.

mim train pir_mm configs/pir/table1/pir_itr_swin_bert_soft_rsicd.py --gpus 2 --launcher pytorch
"""

_base_ = '../../pir_itr_swin_bert.py'

model = dict(selector=dict(strategy='soft'))
