"""A selector of one's own: anything registered that takes tokens and an instruction."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.registry import MODELS


@MODELS.register_module()
class SpreadSelector(BaseModule):
    """Keep tokens that the prior believes in and that differ from each other.

    The most believed tokens of a picture are often neighbours on one large object and say the
    same, while its caption names several things. So after the most believed token, each next one
    has the greatest belief less ``spread`` times its cosine to the most alike of those kept:
    maximal marginal relevance, Carbonell and Goldstein, SIGIR 1998. Belief is the inner product
    with the instruction, scaled from 0 to 1 in each picture.

    Args:
        keep: tokens kept per picture.
        spread: what likeness costs; with 0 the most believed are kept, as ``BeliefSelector`` does.

    Shape:
        - tokens: ``(B, N, D)``
        - instruction: ``(B, D)``
        - output: ``(B, keep, D)``, in the order of choice; gradients reach the kept tokens only

    Raises:
        ValueError: if ``keep`` or ``spread`` is out of range, or a picture has too few tokens.
    """

    def __init__(self, keep: int = 6, spread: float = 0.5) -> None:
        super().__init__()
        if keep < 1 or spread < 0:
            raise ValueError(
                f'wanted keep of 1 or more and spread of 0 or more, got {keep} and {spread}'
            )
        self.keep = keep
        self.spread = spread

    def forward(self, tokens: Tensor, instruction: Tensor) -> Tensor:
        if tokens.size(1) < self.keep:
            raise ValueError(f'keep={self.keep} asked of {tokens.size(1)} tokens: lower `keep`')
        index = self.choose(tokens.detach().float(), instruction.detach().float())
        return tokens.gather(1, index.unsqueeze(dim=-1).expand(-1, -1, tokens.size(-1)))

    def choose(self, tokens: Tensor, instruction: Tensor) -> Tensor:
        """Indices ``(B, keep)`` of the kept tokens."""
        score = (tokens @ instruction.unsqueeze(dim=-1)).squeeze(dim=-1)
        least, most = score.aminmax(dim=1, keepdim=True)
        worth = (score - least) / (most - least).clamp_min(1e-12)
        direction = F.normalize(tokens, dim=-1)
        likeness = torch.full_like(worth, -1)
        chosen = [worth.argmax(dim=1, keepdim=True)]
        for _ in range(self.keep - 1):
            last = direction.gather(1, chosen[-1].unsqueeze(dim=-1).expand(-1, -1, tokens.size(-1)))
            likeness = likeness.maximum((direction * last).sum(dim=-1))
            worth = worth.scatter(1, chosen[-1], -torch.inf)
            chosen.append((worth - self.spread * likeness).argmax(dim=1, keepdim=True))
        return torch.cat(chosen, dim=1)

    def extra_repr(self) -> str:
        return f'keep={self.keep}, spread={self.spread}'
