"""What a fusion model computes once of each image and each text, and scores of pairs of them."""

import torch
from mmengine.dist import all_gather_object, get_world_size
from torch import Tensor, nn
from tqdm import tqdm

from pir_mm.engine.bf16_optim_wrapper import multiplies_bf16
from pir_mm.files.scratch_rows import ScratchRows
from pir_mm.functional.group_blocks import group_blocks
from pir_mm.structures.text_states import TextStates

IMAGES = 32
"""Images whose states are in memory at a time."""
PAIRS = 4096
"""Pairs that are scored at a time."""


class KeptStates:
    """States of images and of texts by id, in bfloat16 and in a file, so that memory is bounded.

    Pairs are scored in bfloat16 where the hardware multiplies it, and in the order of their images,
    so that what the fusion encoder reads of an image is computed once or twice.
    """

    def __init__(self) -> None:
        self._images, self._texts = ScratchRows(), ScratchRows()
        self._image_row: dict[int, int] = {}
        self._text_row: dict[int, int] = {}

    @property
    def image_ids(self) -> list[int]:
        """Images that were kept, in the order in which they came."""
        return list(self._image_row)

    def keep_image(self, image_id: int, states: Tensor) -> None:
        """Keep states ``(1 + N, C)`` of an image; one that comes twice is kept once."""
        if image_id not in self._image_row:
            self._image_row[image_id] = len(self._images)
            self._images.append([states])

    def keep_text(self, text_id: int, states: Tensor) -> None:
        """Keep states ``(l, D)`` of the tokens of a text; one that comes twice is kept once."""
        if text_id not in self._text_row:
            self._text_row[text_id] = len(self._texts)
            self._texts.append([states])

    def share_texts(self) -> None:
        """Keep the texts of all processes on each of them."""
        if get_world_size() == 1:
            return
        own = {
            text_id: self._texts.padded(torch.tensor([row]))[0][0]
            for text_id, row in self._text_row.items()
        }
        for others in all_gather_object(own):
            for text_id, states in others.items():
                self.keep_text(text_id, states)

    @torch.no_grad()
    def scores(self, model: nn.Module, image_id: Tensor, text_id: Tensor) -> Tensor:
        """Scores ``(P,)`` float32, on the CPU, of pairs of images and texts that were kept.

        Args:
            model: has ``match``, as :class:`pir_mm.models.retrievers.FusionRetriever` has it.
            image_id, text_id: ``(P,)`` long, in any order.

        Raises:
            KeyError: if one was not kept.
        """
        scores = torch.empty(len(image_id))
        hidden = None if len(image_id) > PAIRS else True
        with tqdm(total=len(image_id), unit='pair', desc='re-ranking', disable=hidden) as bar:
            for block in group_blocks(image_id, IMAGES):
                for pairs in block.split(PAIRS):
                    scores[pairs] = self._score(model, image_id[pairs], text_id[pairs])
                    bar.update(len(pairs))
        return scores

    def _score(self, model: nn.Module, image_id: Tensor, text_id: Tensor) -> Tensor:
        weight = next(model.parameters())
        images, image_index = image_id.unique(return_inverse=True)
        texts, text_index = text_id.unique(return_inverse=True)
        states, _ = self._images.padded(_rows(self._image_row, images))
        tokens, mask = self._texts.padded(_rows(self._text_row, texts))
        device = weight.device
        states, tokens = (values.to(device, weight.dtype) for values in (states, tokens))
        with torch.autocast(device.type, torch.bfloat16, enabled=multiplies_bf16(device.type)):
            scores = model.match(
                states,
                TextStates(tokens, mask.to(device)),
                image_index.to(device),
                text_index.to(device),
            )
        return scores.float().cpu()


def _rows(row_of: dict[int, int], ids: Tensor) -> Tensor:
    return torch.tensor([row_of[number] for number in ids.tolist()])
