"""The baseline with Temporal-PAE.

mim train pir_mm configs/pir/pretrained/pir_lite_tpae_rsicd.py
"""

_base_ = './pir_lite_baseline_rsicd.py'

model = dict(temporal_pae=dict(type='pir_mm.TemporalPAE', dim=256, layers=1, heads=4, dropout=0.2))
