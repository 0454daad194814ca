"""CLIP as a dual encoder, with or without the vision instruction of PIR-CLIP."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pir_mm.files.extras import import_extra
from pir_mm.files.fitting import load_whole
from pir_mm.files.weights import read_weights, under_prefix
from pir_mm.models.encoders.backbone import channels_last
from pir_mm.models.encoders.clip_towers import build_text_tower, build_towers
from pir_mm.models.retrievers.dual_encoder import DualEncoder, build_part
from pir_mm.registry import MODELS

TOWERS = ('image_encoder', 'text_encoder')


@MODELS.register_module()
class CLIPRetriever(DualEncoder):
    """The two towers of a CLIP, and before the image transformer, if wanted, an instruction.

    Radford et al., *Learning Transferable Visual Models From Natural Language Supervision*, ICML
    2021. With ``instruction_encoder`` and ``selector`` it is PIR-CLIP (Pan et al., *PIR: Remote
    Sensing Image-Text Retrieval with Prior Instruction Representation Learning*,
    arXiv:2405.10160), as in the authors' code: the tokens of the image, its class token among
    them, are weighed by the instruction; the instruction is put before them, and is read out in
    the end in place of the class token. It has no position and passes no first normalisation.
    CLIP knows no padding: ``token_mask`` has no effect.

    Args:
        arch: name of an architecture of open_clip, or its config, see
            :func:`pir_mm.models.encoders.clip_towers.clip_config`.
        head: losses of the embeddings.
        init: weights of both towers before training: ``'random'``, a checkpoint of another
            ``CLIPRetriever`` of this ``arch``, such as the first stage of a training, or a file
            that ``tools/convert_checkpoint.py`` made. A file that does not fit is refused.
        instruction_encoder: images to instructions of the width of the image transformer. It has
            its own ``init``, so that a CLIP and a scene classifier come together here.
        selector: weighs the tokens by the instruction; without it all stay as they are.
        adapters: settings of ``peft.LoraConfig``, such as ``dict(r=8, lora_alpha=16,
            target_modules=['c_fc', 'c_proj'])``: of both towers only low-rank changes of these
            layers are trained (Hu et al., *LoRA*, ICLR 2022), which one small GPU can do. The
            attention of open_clip is one fused layer, whose weights peft takes out and puts back
            while a model is set up, and cannot be among them.
        frozen_text: whether the text tower is not trained: no gradient, evaluation mode, not
            recorded for a backward.
        checkpointing: whether the blocks of the towers keep only their inputs and are computed
            again in the backward, which takes a third more time and a fraction of the memory.
        text_only: whether to leave out what only images need, for a search by sentences.
        tokenizer, data_preprocessor, text_groups, chunk: as in :class:`DualEncoder`.

    Raises:
        ValueError: if the architecture is unknown, a selector has no instruction, or an
            instruction meets an image tower that is no Vision Transformer.
    """

    image_side = ('image_encoder.', 'instruction_encoder.', 'selector.')

    def __init__(
        self,
        arch: str | Mapping[str, Any],
        head: dict,
        init: str = 'random',
        tokenizer: dict | None = None,
        instruction_encoder: dict | None = None,
        selector: dict | None = None,
        adapters: dict | None = None,
        frozen_text: bool = False,
        checkpointing: bool = False,
        data_preprocessor: dict | None = None,
        text_groups: int = 4,
        init_cfg: dict | None = None,
        chunk: int | None = None,
        text_only: bool = False,
    ) -> None:
        super().__init__(head, tokenizer, data_preprocessor, text_groups, init_cfg, chunk)
        self.text_only = text_only
        self.init = init
        self.frozen_text = frozen_text
        if text_only:
            self.text_encoder = build_text_tower(arch)
            if adapters is not None:
                _adapt(self.text_encoder, adapters)
            return
        self.image_encoder, self.text_encoder = build_towers(arch)
        self.instruction_encoder = build_part(instruction_encoder)
        self.selector = build_part(selector)
        if selector is not None and instruction_encoder is None:
            raise ValueError('selector follows an instruction: add instruction_encoder')
        if instruction_encoder is not None:
            _check_tower(self.image_encoder, self.instruction_encoder)
        if adapters is not None:
            for tower in (self.image_encoder, self.text_encoder):
                _adapt(tower, adapters)
        if checkpointing:
            self.image_encoder.set_grad_checkpointing(True)
            self.text_encoder.tower.set_grad_checkpointing(True)
        if frozen_text:
            self.text_encoder.requires_grad_(False)
        self.train()

    def init_weights(self) -> None:
        super().init_weights()
        if self.init == 'random':
            return
        try:
            weights = read_weights(self.init)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f'{error}: put it there, or start without it by `--cfg-options model.init=random`'
            ) from None
        for part in TOWERS:
            tower, own = getattr(self, part), under_prefix(weights, f'{part}.')
            # an adapted layer keeps its own weights one level below
            places = {name.replace('.base_layer.', '.'): name for name in tower.state_dict()}
            own = {places.get(name, name): value for name, value in own.items()}
            load_whole(tower, own, self.init, part, optional=('*lora_*',), option='model.init')

    def train(self, mode: bool = True) -> 'CLIPRetriever':
        super().train(mode)
        if self.frozen_text:
            self.text_encoder.eval()
        return self

    def encode_image(self, images: Tensor) -> Tensor:
        """Embeddings ``(B, D)``, unit-norm float32, of normalised images ``(B, 3, H, W)``."""
        if not torch.is_grad_enabled():
            images = channels_last(images)
        if self.instruction_encoder is None:
            return F.normalize(self.image_encoder(images).float(), dim=-1)
        instruction = self.instruction_encoder(images)

        def instructed(tokens: Tensor) -> Tensor:
            if self.selector is not None:
                tokens = self.selector(tokens, instruction)
            first = instruction.unsqueeze(dim=1).to(tokens.dtype)
            return torch.cat([first, tokens], dim=1)

        with _changed_output(self.image_encoder.ln_pre, instructed):
            return F.normalize(self.image_encoder(images).float(), dim=-1)

    def encode_text(self, token_ids: Tensor, token_mask: Tensor | None = None) -> Tensor:
        """Embeddings ``(M, D)``, unit-norm float32, of texts ``(M, L)``; ``M`` may be 0."""
        if token_ids.size(1) == 0:  # no text gives no length either, yet a last token is read
            token_ids = token_ids.new_zeros(len(token_ids), 1)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen_text):
            return F.normalize(self.text_encoder(token_ids).float(), dim=-1)


@contextmanager
def _changed_output(module: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    hook = module.register_forward_hook(lambda _module, _inputs, output: change(output))
    try:
        yield
    finally:
        hook.remove()


def _check_tower(tower: nn.Module, instruction_encoder: nn.Module) -> None:
    """The transformer must read its first token out, and be as wide as the instruction."""
    if not hasattr(tower, 'ln_pre') or getattr(tower, 'pool_type', None) != 'tok':
        raise ValueError(
            f'an instruction stands before the tokens of a Vision Transformer that reads its first '
            f'token out, and the image tower is a {type(tower).__name__}: choose an architecture '
            'such as ViT-B-32, or leave instruction_encoder out'
        )
    width = tower.conv1.out_channels
    found = getattr(getattr(instruction_encoder, 'projection', None), 'out_features', width)
    if found != width:
        raise ValueError(
            f'the image transformer is {width} wide and the instruction {found}: set '
            f'instruction_encoder.dim={width}'
        )


def _adapt(tower: nn.Module, settings: dict) -> None:
    peft = import_extra('peft', 'lora', 'adapters need')  # takes seconds
    peft.inject_adapter_in_model(peft.LoraConfig(**settings), tower)
    if any(hasattr(module, '_restore_weights') for module in tower.modules()):
        raise ValueError(
            'adapters cannot change the attention of open_clip, which is one fused layer: let '
            "target_modules be ['c_fc', 'c_proj']"
        )
