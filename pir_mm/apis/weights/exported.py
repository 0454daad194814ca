"""An exported model in the place of a torch model: for index, evaluation and heat maps."""

import os

import torch
from mmengine.config import Config
from torch import Tensor, nn

from pir_mm.deployment.export_card import CARD
from pir_mm.deployment.exported_retriever import ExportedRetriever
from pir_mm.registry import MODELS
from pir_mm.search import ModelFingerprint

PACK = {'type': 'mmpretrain.PackInputs', 'algorithm_keys': ['text'], 'meta_keys': ['img_path']}


class ExportedDualEncoder(nn.Module):
    """The towers of an :class:`ExportedRetriever` behind the methods of a dual encoder.

    It runs on the CPU and is not trained.

    Args:
        folder: of the export, or its ``model.json``.
        device: the CPU.

    Raises:
        FileNotFoundError, ValueError: as :class:`ExportedRetriever`, or for another device.
    """

    def __init__(self, folder: str | os.PathLike, device: str | torch.device = 'cpu') -> None:
        super().__init__()
        if torch.device(device).type != 'cpu':
            raise ValueError(f'an exported model runs on a CPU, not on {device}: give --device cpu')
        self.exported = ExportedRetriever(folder)
        self.weights = nn.Parameter(torch.zeros(0), requires_grad=False)  # tells the device
        settings = self.exported.preprocess
        load = {key: settings[key] for key in ('max_pixels', 'min_side')}
        steps = [{**step, 'type': f'mmpretrain.{step["type"]}'} for step in settings['steps']]
        pipeline = [{'type': 'pir_mm.LoadPicture', **load}, *map(_as_config, steps), PACK]
        self.cfg = Config(
            {'model': {'type': type(self).__name__}, 'test_pipeline': pipeline},
            filename=str(self.exported.folder / CARD),
        )
        colours = {key: settings[key] for key in ('mean', 'std', 'to_rgb')}
        self.data_preprocessor = MODELS.build({'type': 'pir_mm.PairPreprocessor', **colours})
        self.eval()

    @property
    def fingerprint(self) -> ModelFingerprint:
        """That of the torch model."""
        return self.exported.fingerprint

    @property
    def arithmetic(self) -> str:
        """``'fp32'`` or ``'int8'``."""
        return self.exported.arithmetic

    @property
    def tokenizer(self) -> object:
        return self.exported.tokenizer

    def tokenize(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids ``(M, L)`` and mask ``(M, L)`` of texts."""
        ids, mask = self.exported.tokenizer(texts)
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def encode_image(self, images: Tensor) -> Tensor:
        """Embeddings ``(B, D)`` of normalised images ``(B, 3, H, W)``."""
        return torch.from_numpy(self.exported.encode_image(images.float().contiguous().numpy()))

    def encode_text(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Embeddings ``(M, D)`` of texts ``(M, L)``."""
        ids, mask = token_ids.contiguous().numpy(), token_mask.contiguous().numpy()
        return torch.from_numpy(self.exported.encode_text(ids, mask))


def _as_config(step: dict) -> dict:
    """JSON has lists where transforms want tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in step.items()}
