"""Swin-T and BERT, contrastive loss, on RSITMD: row VSE2 (CL) of table I,
the baseline of table III.

mim train pir_mm configs/pir/table1/vse_swin_bert_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = '../pir_itr_swin_bert_rsitmd.py'

model = dict(
    instruction_encoder=None,
    selector=None,
    spatial_pae=None,
    temporal_pae=None,
    head=dict(losses=dict(affiliation=None)),
)
