"""Texts to a pooled vector and tokens, by BERT."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.fitting import load_whole
from pir_mm.functional.masking import key_mask, masked_mean
from pir_mm.models.converters.bert import bert_weights, first_layers, read_bert
from pir_mm.models.encoders.frozen_part import FrozenPart
from pir_mm.registry import MODELS


@MODELS.register_module()
class BertEncoder(BaseModule):
    """BERT without its pooler, or its first layers, and one linear layer that projects every token.

    Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers*, NAACL 2019, by
    ``transformers.BertModel``. The defaults are BERT-base uncased. The pooled vector is the first
    token, ``[CLS]``, or the mean of all tokens, which sentence encoders such as MiniLM want.

    Args:
        dim: width of the pooled vector and of the tokens; ``None`` leaves them as BERT gives them,
            without the linear layer.
        vocab_size: number of token ids.
        hidden_size: width of BERT.
        layers: number of layers.
        heads: attention heads of each layer.
        intermediate_size: width of the feed-forward layers.
        max_positions: largest number of tokens in a text.
        dropout: rate in the hidden layers and on the attention maps.
        mask_padding: whether attention leaves padding out, so that a text's vectors do not depend
            on the other texts of its batch. The authors of PIR attend to padding: use ``False``
            for their weights.
        pooling: ``'cls'`` or ``'mean'``.
        frozen: ``True`` if BERT is not trained, only the linear layer; a number freezes the word
            vectors and so many of its lowest layers. Frozen layers have no gradient and drop
            nothing. What a BERT that is frozen as a whole gives can be computed once, see
            :class:`pir_mm.engine.FeatureCacheHook`.
        init: weights before training: ``'random'``, a file with BERT's public names, or a folder
            with ``model.safetensors`` or ``pytorch_model.bin``. A file that does not fit is
            refused.
        file_layers: layers of the BERT in that file, where the encoder is made of the first
            ``layers`` of them; by default it has no others.

    Attributes:
        width: of the pooled vector and of the tokens.

    Shape:
        - token_ids: ``(M, L)`` long; ``M`` may be 0
        - token_mask: ``(M, L)`` bool, true for tokens, false for padding
        - features: ``(M, L, hidden_size)`` in place of token ids, what :meth:`frozen_output` gave
        - pooled: ``(M, width)``
        - tokens: ``(M, L, width)``

    Raises:
        ValueError: if ``pooling`` is unknown, or BERT has fewer layers than are to be frozen, or
            the file fewer than are to be taken.
    """

    def __init__(
        self,
        dim: int | None = 512,
        vocab_size: int = 30522,
        hidden_size: int = 768,
        layers: int = 12,
        heads: int = 12,
        intermediate_size: int = 3072,
        max_positions: int = 512,
        dropout: float = 0.1,
        mask_padding: bool = True,
        pooling: str = 'cls',
        frozen: bool | int = False,
        init: str = 'random',
        init_cfg: dict | None = None,
        file_layers: int | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if pooling not in ('cls', 'mean'):
            raise ValueError(f"pooling must be 'cls' or 'mean', got {pooling!r}")
        if not 0 <= frozen <= layers:
            raise ValueError(f'frozen={frozen} layers of a BERT that has {layers}')
        if file_layers is not None and file_layers < layers:
            raise ValueError(f'layers={layers} of a BERT file that has file_layers={file_layers}')
        from transformers import BertConfig, BertModel  # takes seconds, and only BERT needs it

        config = BertConfig(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=intermediate_size,
            max_position_embeddings=max_positions,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
            attn_implementation='sdpa',
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.width = hidden_size if dim is None else dim
        self.projection = nn.Identity() if dim is None else nn.Linear(hidden_size, dim)
        self.mask_padding = mask_padding
        self.vocab_size = vocab_size
        self.max_positions = max_positions
        self.pooling = pooling
        self.init = init
        self.layers = layers
        self.file_layers = layers if file_layers is None else file_layers
        whole = frozen is True or frozen == layers
        self._frozen_modules = [self.bert] if whole else self._lowest(frozen)
        self.frozen = FrozenPart(self.bert, True) if whole else None
        for module in self._frozen_modules:
            module.requires_grad_(False)
        self.train()

    def _lowest(self, layers: int) -> list[nn.Module]:
        return [self.bert.embeddings, *self.bert.encoder.layer[:layers]] if layers else []

    def train(self, mode: bool = True) -> 'BertEncoder':
        super().train(mode)
        for module in self._frozen_modules:
            module.eval()
        return self

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            content, path = read_bert(self.init, 'model.text_encoder.init')
            weights = bert_weights(content)
            if self.layers < self.file_layers:
                weights = first_layers(weights, self.layers, self.file_layers, path)
            load_whole(self.bert, weights, path, 'text_encoder')

    @property
    def word_vectors(self) -> Tensor:
        """Vector of each token id ``(vocab_size, hidden_size)``, the parameter itself."""
        return self.bert.embeddings.word_embeddings.weight

    def forward(
        self, token_ids: Tensor | None, token_mask: Tensor, features: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if features is not None:
            states = features.to(self.word_vectors.dtype)
        elif self.frozen is not None:
            states = self.frozen_output(token_ids, token_mask)
        else:
            states = self._states(token_ids, token_mask)
        tokens = self.projection(states)
        if len(tokens) == 0:
            return tokens.sum(dim=1), tokens
        return tokens[:, 0] if self.pooling == 'cls' else masked_mean(tokens, token_mask), tokens

    @torch.no_grad()
    def frozen_output(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Last states ``(M, L, hidden_size)`` of a BERT that is not trained."""
        return self._states(token_ids, token_mask)

    def _states(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        if token_ids.size(0) == 0:
            return self.bert.embeddings.word_embeddings(token_ids)
        # of four axes, transformers takes it as it is; of two it would read it on the host
        mask = key_mask(token_mask) if self.mask_padding else None
        return self.bert(input_ids=token_ids, attention_mask=mask).last_hidden_state
