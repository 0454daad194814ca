"""OpenAI's ViT-B/32 on RSICD by low-rank adapters of its layers, for one small GPU.

pip install "pir_mm[lora]"
python tools/get_weights.py openai-vit-b-32
mim train pir_mm configs/clip/clip_lora_rsicd.py
"""

_base_ = './clip_ft_rsicd.py'

model = dict(
    adapters=dict(r=8, lora_alpha=16, target_modules=['c_fc', 'c_proj']),
    chunk=64,
)
optim_wrapper = dict(optimizer=dict(lr=2e-4, weight_decay=0.01))
