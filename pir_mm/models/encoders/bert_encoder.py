"""Texts to a pooled vector and tokens, by BERT."""

from pathlib import Path

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.weights import load_whole, read_weights
from pir_mm.functional.masking import key_mask
from pir_mm.models.converters.bert import bert_weights
from pir_mm.registry import MODELS


@MODELS.register_module()
class BertEncoder(BaseModule):
    """BERT without its pooler, followed by one linear layer that projects every token.

    Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers*, NAACL 2019, by
    ``transformers.BertModel``. The defaults are BERT-base uncased. The pooled vector is the first
    token, ``[CLS]``.

    Args:
        dim: width of the pooled vector and of the tokens.
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
        init: weights before training: ``'random'``, a file with BERT's public names, or a folder
            with ``model.safetensors`` or ``pytorch_model.bin``. A file that does not fit is
            refused.

    Shape:
        - token_ids: ``(M, L)`` long; ``M`` may be 0
        - token_mask: ``(M, L)`` bool, true for tokens, false for padding
        - pooled: ``(M, dim)``
        - tokens: ``(M, L, dim)``
    """

    def __init__(
        self,
        dim: int = 512,
        vocab_size: int = 30522,
        hidden_size: int = 768,
        layers: int = 12,
        heads: int = 12,
        intermediate_size: int = 3072,
        max_positions: int = 512,
        dropout: float = 0.1,
        mask_padding: bool = True,
        init: str = 'random',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
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
        self.projection = nn.Linear(hidden_size, dim)
        self.mask_padding = mask_padding
        self.vocab_size = vocab_size
        self.max_positions = max_positions
        self.init = init

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            path = _weight_file(self.init)
            load_whole(self.bert, bert_weights(read_weights(path)), path, 'text_encoder')

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> tuple[Tensor, Tensor]:
        if token_ids.size(0) == 0:
            tokens = self.projection(self.bert.embeddings.word_embeddings(token_ids))
            return tokens.sum(dim=1), tokens
        # of four axes, transformers takes it as it is; of two it would read it on the host
        mask = key_mask(token_mask) if self.mask_padding else None
        tokens = self.bert(input_ids=token_ids, attention_mask=mask).last_hidden_state
        tokens = self.projection(tokens)
        return tokens[:, 0], tokens


def _weight_file(path: str) -> Path:
    place = Path(path).expanduser()
    if place.is_file():
        return place
    for name in ('model.safetensors', 'pytorch_model.bin'):
        for file in (place / name, place / f'{name}.index.json'):
            if file.is_file():
                return file
    raise FileNotFoundError(
        f'no BERT weights at {path}, which is neither a file nor a folder with model.safetensors '
        'or pytorch_model.bin: put them there, or start without them by '
        '`--cfg-options model.text_encoder.init=random`'
    )
