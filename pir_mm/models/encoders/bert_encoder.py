"""Sentences to one global and several local vectors."""

from pathlib import Path

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.weights import load_whole, read_weights, under_prefix
from pir_mm.registry import MODELS

NOT_OURS = ('cls.*', 'pooler.*', '*position_ids', '*token_type_ids')


@MODELS.register_module()
class BertEncoder(BaseModule):
    """BERT without its pooler, followed by one linear layer applied to every token.

    Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers*, NAACL 2019, by
    ``transformers.BertModel``; the defaults are BERT-base uncased. The global vector is that of
    the first token, ``[CLS]``.

    Args:
        dim: width of the vectors.
        vocab_size, hidden_size, layers, heads, intermediate_size, max_positions: BERT's sizes.
        dropout: of hidden layers and attention maps.
        mask_padding: padding takes no part in attention, so that a text's vector does not
            depend on its batch. The authors of PIR attend to padding: ``False`` for their
            weights.
        init: weights before training: ``'random'``, or a file with BERT's public names, or a
            folder that holds ``model.safetensors`` or ``pytorch_model.bin``; loaded whole or
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
        from transformers import BertConfig, BertModel  # seconds, and only texts need it

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
        self.init = init

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            path = _weight_file(self.init)
            weights = read_weights(path)
            weights = under_prefix(weights, 'bert.') or weights
            weights = {_current_name(name): value for name, value in weights.items()}
            load_whole(self.bert, weights, path, 'text_encoder', surplus=NOT_OURS)

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> tuple[Tensor, Tensor]:
        if token_ids.size(0) == 0:
            tokens = self.projection(self.bert.embeddings.word_embeddings(token_ids))
            return tokens.sum(dim=1), tokens
        mask = token_mask if self.mask_padding else None
        tokens = self.bert(input_ids=token_ids, attention_mask=mask).last_hidden_state
        tokens = self.projection(tokens)
        return tokens[:, 0], tokens


def _weight_file(path: str) -> Path:
    folder = Path(path).expanduser()
    if folder.is_dir():
        for name in ('model.safetensors', 'pytorch_model.bin'):
            if (folder / name).is_file():
                return folder / name
    elif folder.is_file():
        return folder
    raise FileNotFoundError(
        f'no BERT weights at {path}, neither a file nor a folder with model.safetensors or '
        'pytorch_model.bin: put them there, or start without them by '
        '`--cfg-options model.text_encoder.init=random`'
    )


def _current_name(name: str) -> str:
    """Early files call the scale and shift of a layer norm gamma and beta."""
    return name.replace('LayerNorm.gamma', 'LayerNorm.weight').replace(
        'LayerNorm.beta', 'LayerNorm.bias'
    )
