"""Grey pictures of made-up ground."""

import torch
import torch.nn.functional as F


def grounds(count, side=64, seed=0):
    """Grey pictures with forms of many sizes, 0 to 255."""
    generator = torch.Generator().manual_seed(seed)
    layers = [
        F.interpolate(torch.rand(count, 1, n, n, generator=generator), (side, side), mode='bicubic')
        for n in (4, 8, 16, 32)
    ]
    return (sum(layers)[:, 0] * 64).clamp(0, 255)


def cut(pictures, top, left, size):
    """The square from (top, left), enlarged to 64 pixels."""
    part = pictures[:, None, top : top + size, left : left + size]
    return F.interpolate(part, (64, 64), mode='bilinear', antialias=True)[:, 0]
