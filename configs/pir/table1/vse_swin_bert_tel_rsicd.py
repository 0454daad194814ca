"""Plain self-attention in the place of PIR's encoders, on RSICD: row VSE2+TEL of table I.

mim train pir_mm configs/pir/table1/vse_swin_bert_tel_rsicd.py --gpus 2 --launcher pytorch
"""

_base_ = '../../pir_itr_swin_bert.py'

model = dict(
    instruction_encoder=None,
    selector=None,
    # two layers for each of the progressive encoders' 2 and 3, which hold two attentions each
    spatial_pae=dict(type='pir_mm.SelfAttentionStack', layers=4),
    temporal_pae=dict(type='pir_mm.SelfAttentionStack', layers=6),
    embedding=dict(add_global=False),
    head=dict(losses=dict(affiliation=None)),
)
