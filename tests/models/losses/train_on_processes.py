"""One training step of a head behind two encoders, by DDP on several processes or on one."""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from pir_mm.models.losses import EmbeddedPairs

# Images of each process, and texts of each image: nobody has as much as another.
TEXTS_OF_IMAGES = [[3, 1], [2, 0, 1, 1]]
IMAGE_ID = [[4, 7], [4, 1, 2, 3]]  # picture 4 is on both
TEXT_ID = [[0, 1, 2, 3], [4, 1, 5, 3]]  # so are the texts 1 and 3
SCENE = [[0, 1], [0, 2, 1, -1]]


class TwoEncoders(nn.Module):
    def __init__(self, in_chunks=False):
        super().__init__()
        torch.manual_seed(0)
        self.in_chunks = in_chunks
        self.image, self.text = nn.Linear(6, 5), nn.Linear(7, 5)
        losses = {
            'contrastive': {'type': 'pir_mm.ContrastiveLoss'},
            'affiliation': {'type': 'pir_mm.AffiliationLoss'},
            'pir': {'type': 'pir_mm.AffiliationLoss', 'form': 'pir', 'temperature': 'contrastive'},
            'triplet': {'type': 'pir_mm.TripletLoss'},
        }
        self.head = MODELS.build({'type': 'pir_mm.RetrievalHead', 'losses': losses})

    def forward(self, image, text, *others):
        parts = (self.encode(self.image, image), self.encode(self.text, text))
        embedded = (F.normalize(part, dim=-1) for part in parts)
        n_scenes = int(others[-1].max()) + 1  # less on one process than on the other
        values = self.head.loss(EmbeddedPairs(*embedded, *others, n_scenes))
        return sum(value for name, value in values.items() if name.startswith('loss'))

    def encode(self, encoder, rows):
        """As a dual encoder does with and without ``chunk=1``."""
        if not self.in_chunks:
            return encoder(rows)
        return torch.cat([checkpoint(encoder, row, use_reentrant=False) for row in rows.split(1)])


def share(rank):
    """The batch of one process."""
    generator = torch.Generator().manual_seed(rank)
    counts = torch.tensor(TEXTS_OF_IMAGES[rank])
    image_of_text = torch.arange(len(counts)).repeat_interleave(counts)
    image = torch.randn(len(counts), 6, generator=generator)
    text = torch.randn(len(image_of_text), 7, generator=generator)
    ids = (torch.tensor(given[rank]) for given in (IMAGE_ID, TEXT_ID, SCENE))
    return image, text, image_of_text, *ids


def whole():
    """The batches of all processes as one."""
    parts = [list(pair) for pair in zip(share(0), share(1), strict=True)]
    parts[2][1] = parts[2][1] + len(parts[0][0])
    return tuple(map(torch.cat, parts))


def step(model, batch):
    """Loss and the gradient of every parameter, by name."""
    loss = model(*batch)
    loss.backward()
    module = getattr(model, 'module', model)
    return {'loss': loss.detach()} | {name: p.grad for name, p in module.named_parameters()}


def main(folder, rank, in_chunks):
    distributed.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    result = step(DistributedDataParallel(TwoEncoders(in_chunks)), share(rank))
    torch.save(result, Path(folder, f'{rank}.pt'))
    distributed.destroy_process_group()


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), in_chunks=sys.argv[3] == 'chunks')
