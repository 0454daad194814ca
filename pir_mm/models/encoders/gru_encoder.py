"""Texts to a pooled vector and tokens, by a GRU."""

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pir_mm.models.layers.dropout import Dropout
from pir_mm.registry import MODELS


@MODELS.register_module()
class GRUEncoder(BaseModule):
    """A GRU in both directions, followed by one linear layer that projects every token.

    The text encoder of Faghri et al., *VSE++: Improving Visual-Semantic Embeddings with Hard
    Negatives*, BMVC 2018: word vectors of width 300, drawn uniformly from -0.1 to 0.1, one layer,
    and the state after the last word as the pooled vector. VSE++ reads in one direction.

    The tables of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023, have rows with a GRU. The paper gives no sizes for it, only
    29 million weights together with a ResNet-50. The defaults make 28.5 million: two directions of
    width 512, with their states averaged as in the same authors' SWAN (ICMR 2023), and a
    vocabulary of 4000.

    Args:
        dim: width of the pooled vector and of the tokens.
        vocab_size: number of token ids.
        word_size: width of the word vectors.
        hidden_size: width of the states.
        layers: number of layers.
        dropout: rate on the word vectors. VSE++ has none.

    Shape:
        - token_ids: ``(M, L)`` long; ``M`` may be 0
        - token_mask: ``(M, L)`` bool, true for tokens, false for padding on their right, which the
          GRU does not read
        - pooled: ``(M, dim)``, from the last state of each direction
        - tokens: ``(M, L, dim)``; do not use the rows of padding
    """

    def __init__(
        self,
        dim: int = 512,
        vocab_size: int = 4000,
        word_size: int = 300,
        hidden_size: int = 512,
        layers: int = 1,
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.vocab_size = vocab_size
        self.words = nn.Embedding(vocab_size, word_size)
        nn.init.uniform_(self.words.weight, -0.1, 0.1)
        self.dropout = Dropout(dropout)
        self.gru = nn.GRU(word_size, hidden_size, layers, batch_first=True, bidirectional=True)
        self.projection = nn.Linear(hidden_size, dim)

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> tuple[Tensor, Tensor]:
        if len(token_ids) == 0:
            states = self.words.weight.new_zeros(*token_ids.shape, self.gru.hidden_size)
            tokens = self.projection(states)
            return tokens.sum(dim=1), tokens
        words = self.dropout(self.words(token_ids))
        lengths = token_mask.sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=words.size(1))
        tokens = states.unflatten(-1, (2, -1)).mean(dim=-2)
        return self.projection(last[-2:].mean(dim=0)), self.projection(tokens)
