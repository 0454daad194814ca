"""Guess the hidden words of a text from the others and from its image."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.fitting import load_whole
from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.bert import bert_name, read_bert
from pir_mm.models.fusion.fusion_encoder import NORM_EPS, start_as_bert
from pir_mm.models.fusion.fusion_step import FusionStep
from pir_mm.registry import MODELS


@MODELS.register_module()
class MaskedLanguageLoss(BaseModule):
    """Masked language modelling with an image to look at.

    The second task of Zhang et al., *MTGFE*, Remote Sensing 2023, with BERT's own head: the
    vectors of the words are those of the text encoder, which so have one gradient from reading and
    one from guessing. The head sees the tokens of hidden words alone.

    The words are hidden in the loader's workers by :func:`mask_words`.

    Args:
        dim: width of the joint tokens and of the vectors of the words.
        vocab_size: number of token ids.
        rate: probability of a word to be hidden.
        recipe: shares of its pieces that become [MASK], that become any piece, and that stay. Taken
            literally, the paper's are ``(1, 0, 0)``.
        init: weights of the head before training: ``'random'``, or a BERT file that has its
            pre-training head.
        weight: factor of the loss.

    Shape:
        - step: with ``K`` pieces of hidden words
        - output: scalar, mean over these, zero with zero gradients for ``K = 0``; and ``mlm_acc``,
          the share of them that were guessed

    Raises:
        ValueError: if ``rate`` is not between 0 and 1, or ``recipe`` does not sum to 1.
    """

    def __init__(
        self,
        dim: int = 768,
        vocab_size: int = 30522,
        rate: float = 0.15,
        recipe: tuple[float, float, float] = (0.8, 0.1, 0.1),
        init: str = 'random',
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        if not 0 < rate < 1:
            raise ValueError(f'rate={rate} of hidden words must be between 0 and 1')
        if len(recipe) != 3 or min(recipe) < 0 or abs(sum(recipe) - 1) > 1e-6:
            raise ValueError(f'recipe={recipe} must be three shares that sum to 1')
        self.masking = dict(rate=rate, recipe=tuple(recipe))
        self.init = init
        self.weight = weight
        self.transform = nn.ModuleDict(
            {'dense': nn.Linear(dim, dim), 'LayerNorm': nn.LayerNorm(dim, eps=NORM_EPS)}
        )
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        self.apply(start_as_bert)

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            option = 'model.losses.mlm.init'
            content, path = read_bert(self.init, option)
            head = under_prefix(content, 'cls.predictions.')
            weights = {bert_name(n): w for n, w in head.items() if not n.startswith('decoder.')}
            load_whole(self, weights, path, 'losses.mlm', option=option)

    def forward(self, step: FusionStep) -> tuple[Tensor, dict[str, Tensor]]:
        tokens, true_ids = step.masked_tokens
        tokens = self.transform.LayerNorm(F.gelu(self.transform.dense(tokens)))
        logits = F.linear(tokens, step.word_vectors, self.bias).float()
        count = max(len(true_ids), 1)
        value = F.cross_entropy(logits, true_ids, reduction='sum') / count
        guessed = (logits.argmax(dim=-1) == true_ids).sum() / count
        return self.weight * value, {'mlm_acc': guessed}

    def extra_repr(self) -> str:
        return f'{self.masking}, init={self.init!r}, weight={self.weight}'
