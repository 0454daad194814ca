"""Baseline +S-PAE+AL on RSITMD, a row of table III.

mim train pir_mm configs/pir/table3/pir_itr_spae_al_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(temporal_pae=None)
