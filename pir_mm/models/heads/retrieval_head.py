"""From pooled features to embeddings, and from embeddings to losses."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.similarity import unit
from pir_mm.models.heads.gather import Batch, gather_batch
from pir_mm.registry import MODELS

LOSSES = {
    'contrastive': {'type': 'pir_mm.ContrastiveLoss'},
    'affiliation': {'type': 'pir_mm.AffiliationLoss', 'weight': 1.0},
}


@MODELS.register_module()
class RetrievalHead(BaseModule):
    """Join global and local features to unit embeddings, and compare those of the whole batch.

    An embedding is ``unit(pooled + linear(local))``, as in Pan et al., *A Prior Instruction
    Representation Framework for Remote Sensing Image-text Retrieval*, ACM MM 2023; this is the
    only place where anything is normalised. Without local branch it is ``unit(pooled)``, without
    global one ``unit(linear(local))``, which the authors' code has for its ``+TEL`` rows.

    The losses see the embeddings of all processes at once, gathered with gradient, and run in
    float32 outside autocast: values and gradients are those of one process with the whole batch.

    Args:
        dim: width of the embeddings.
        image_local: whether images have a local feature to add.
        text_local: whether texts have one.
        add_global: whether the global feature is added to a local one.
        losses: name to config of each loss, ``None`` for one that is left out; the PIR pair of
            losses if not given. A loss is built from the registry and called with the five fields
            of :class:`Batch`.

    Raises:
        ValueError: if there is no loss.
    """

    def __init__(
        self,
        dim: int = 512,
        image_local: bool = True,
        text_local: bool = True,
        add_global: bool = True,
        losses: dict[str, dict] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        losses = LOSSES if losses is None else losses
        built = {name: MODELS.build(cfg) for name, cfg in losses.items() if cfg is not None}
        if not built:
            raise ValueError(f'a RetrievalHead needs at least one loss, got losses={losses}')
        self.image_local = nn.Linear(dim, dim) if image_local else None
        self.text_local = nn.Linear(dim, dim) if text_local else None
        self.add_global = add_global
        self.losses = nn.ModuleDict(built)

    def embed_image(self, pooled: Tensor, local: Tensor | None = None) -> Tensor:
        """Unit-norm float32 ``(B, D)`` of the global and, if so built, the local ``(B, D)``."""
        return self._embed(pooled, local, self.image_local, 'image_local')

    def embed_text(self, pooled: Tensor, local: Tensor | None = None) -> Tensor:
        """Unit-norm float32 ``(M, D)`` of the global and, if so built, the local ``(M, D)``."""
        return self._embed(pooled, local, self.text_local, 'text_local')

    def loss(
        self,
        image_embedding: Tensor,
        text_embedding: Tensor,
        image_of_text: Tensor,
        image_id: Tensor,
        scene: Tensor,
    ) -> dict[str, Tensor]:
        """Losses of the batch of all processes; the arguments are this process's share.

        Args:
            image_embedding: ``(B, D)`` unit-norm.
            text_embedding: ``(M, D)`` unit-norm; ``M`` may differ between processes.
            image_of_text: ``(M,)`` long, row of ``image_embedding`` that each text came with.
            image_id: ``(B,)`` long, the same for rows of one picture on whatever process.
            scene: ``(B,)`` long, class of each picture, -1 if it has none.

        Returns:
            ``loss_<name>`` of each loss, and ``temperature_<name>``, detached, where it has one.

        Raises:
            ValueError: if the lengths do not fit together.
        """
        if not len(image_embedding) == len(image_id) == len(scene):
            raise ValueError(
                f'{len(image_embedding)} image embeddings came with {len(image_id)} image ids and '
                f'{len(scene)} scenes: give one of each for every image'
            )
        if len(text_embedding) != len(image_of_text):
            raise ValueError(
                f'{len(text_embedding)} text embeddings came with {len(image_of_text)} entries of '
                'image_of_text: give one for every text'
            )
        with torch.autocast(image_embedding.device.type, enabled=False):
            share = Batch(
                image_embedding.float(), text_embedding.float(), image_of_text, image_id, scene
            )
            batch = gather_batch(share)
            values = {f'loss_{name}': loss(*batch) for name, loss in self.losses.items()}
        for name, loss in self.losses.items():
            if hasattr(loss, 'temperature'):
                values[f'temperature_{name}'] = loss.temperature().detach()
        return values

    def _embed(
        self, pooled: Tensor, local: Tensor | None, linear: nn.Module | None, name: str
    ) -> Tensor:
        if (local is None) != (linear is None):
            given, wanted = ('no', 'one') if local is None else ('a', 'none')
            raise ValueError(
                f'{given} local feature was given to a RetrievalHead that wants {wanted}: '
                f'build it with {name}={local is not None}'
            )
        if local is None:
            return unit(pooled)
        return unit(pooled + linear(local) if self.add_global else linear(local))

    def extra_repr(self) -> str:
        return f'add_global={self.add_global}'
