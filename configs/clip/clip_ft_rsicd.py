"""CLIP-FT: OpenAI's ViT-B/32 fine-tuned on RSICD, the baseline of PIR-CLIP's table.

python tools/get_weights.py openai-vit-b-32
mim train pir_mm configs/clip/clip_ft_rsicd.py
"""

_base_ = [
    '../_base_/models/clip_vit_b_32.py',
    '../_base_/datasets/rsicd_clip_224.py',
    '../_base_/schedules/adamw_clip_10e.py',
    '../_base_/retrieval_runtime.py',
]

model = dict(arch='ViT-B-32-quickgelu', init='data/weights/openai-vit-b-32.pth')
