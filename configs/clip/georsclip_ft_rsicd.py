"""GeoRSCLIP-FT: GeoRSCLIP's ViT-B/32, pre-trained on RS5M, fine-tuned on RSICD.

python tools/get_weights.py georsclip-vit-b-32
mim train pir_mm configs/clip/georsclip_ft_rsicd.py
"""

_base_ = './clip_ft_rsicd.py'

model = dict(init='data/weights/georsclip-vit-b-32.pth')
