"""Baseline +AL on RSITMD, a row of table III.

mim train pir_mm configs/pir/table3/pir_itr_al_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(instruction_encoder=None, selector=None, spatial_pae=None, temporal_pae=None)
