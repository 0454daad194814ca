"""The same without the pictures of AID that show what a test picture of RSICD or UCM shows.

    python tools/get_weights.py efficientnet-lite0
    mim train pir_mm configs/scene/lite0_aid_clean.py

`aid_near_copies.txt` lists what is left out, validation pictures too. The last epoch,
`work_dirs/lite0_aid_clean/epoch_5.pth`, is the prior.
"""

_base_ = './lite0_aid.py'

leave_out = 'configs/scene/aid_near_copies.txt'
train_dataloader = dict(dataset=dict(leave_out=leave_out))
val_dataloader = dict(dataset=dict(leave_out=leave_out))
test_dataloader = dict(dataset=dict(leave_out=leave_out))
