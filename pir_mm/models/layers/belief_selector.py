"""Vision instruction: which tokens of an image a prior believes in."""

from mmengine.model import BaseModule
from torch import Tensor

from pir_mm.functional.belief import NORMS, RANKS, belief_scores, reweigh, select
from pir_mm.registry import MODELS


@MODELS.register_module()
class BeliefSelector(BaseModule):
    """Choose or weigh the tokens of an image by how much a scene prior believes in them.

    The belief strategies of Pan et al., *A Prior Instruction Representation Framework for
    Remote Sensing Image-text Retrieval*, ACM MM 2023. Hard: the ``keep`` most believed tokens,
    most believed first; the loss trains the kept tokens, not the choice. Soft, from the journal
    version: all tokens in their order, scaled by belief and rank. For PIR-ITR no code of the
    soft strategy was published; the defaults follow the paper's words. For PIR-CLIP the
    authors' current code is ``rank='argsort', norm='token'``, the earlier one ``rank='none',
    norm='token'``; see :func:`pir_mm.functional.belief.reweigh`. The authors order by the softmax,
    which ties tokens far below the best; here the scores before it decide.

    Args:
        strategy: ``hard`` or ``soft``.
        keep: tokens kept per image (``filter_size`` in the authors' code); hard only.
        rank: ``true``, ``argsort`` or ``none``; soft only.
        norm: ``none``, ``channel`` or ``token``; soft only.

    Shape:
        - tokens: ``(B, N, D)``
        - instruction: ``(B, D)``
        - output: ``(B, keep, D)`` hard, ``(B, N, D)`` soft

    Raises:
        ValueError: for an unknown word, for a soft setting of a hard selector, if ``keep < 1``, or
            if an image has fewer than ``keep`` tokens.
    """

    def __init__(
        self, strategy: str = 'hard', keep: int = 40, rank: str = 'true', norm: str = 'none'
    ) -> None:
        super().__init__()
        words = {
            'strategy': (strategy, ('hard', 'soft')),
            'rank': (rank, RANKS),
            'norm': (norm, NORMS),
        }
        for name, (given, known) in words.items():
            if given not in known:
                raise ValueError(f'{name}={given!r} is unknown, wanted one of {", ".join(known)}')
        if strategy == 'hard' and (rank, norm) != ('true', 'none'):
            raise ValueError(f'rank={rank!r} and norm={norm!r} are for strategy=soft alone')
        if keep < 1:
            raise ValueError(f'keep must be at least 1, got {keep}')
        self.strategy = strategy
        self.keep = keep
        self.rank = rank
        self.norm = norm

    def forward(self, tokens: Tensor, instruction: Tensor) -> Tensor:
        if self.strategy == 'soft':
            return reweigh(tokens, belief_scores(tokens, instruction), self.rank, self.norm)
        if tokens.size(1) < self.keep:
            raise ValueError(
                f'keep={self.keep} tokens wanted from images that have {tokens.size(1)}: '
                f'tokens {tuple(tokens.shape)}. Lower `keep`, or use a finer patch size.'
            )
        return select(tokens, belief_scores(tokens, instruction), self.keep)

    def extra_repr(self) -> str:
        if self.strategy == 'hard':
            return f'strategy=hard, keep={self.keep}'
        return f'strategy=soft, rank={self.rank}, norm={self.norm}'
