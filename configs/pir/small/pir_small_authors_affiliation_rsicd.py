"""The small PIR-ITR with the affiliation loss in the form of the authors' code.

mim train pir_mm configs/pir/small/pir_small_authors_affiliation_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(head=dict(losses=dict(affiliation=dict(form='pir'))))
