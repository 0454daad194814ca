"""Losses of the embeddings of the whole batch, and the temperatures that they use."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.losses.embedded_pairs import EmbeddedPairs, gather_pairs
from pir_mm.models.losses.temperature import Temperature
from pir_mm.registry import MODELS

LOSSES = {
    'contrastive': {'type': 'pir_mm.ContrastiveLoss'},
    'affiliation': {'type': 'pir_mm.AffiliationLoss', 'weight': 1.0},
}


@MODELS.register_module()
class RetrievalHead(BaseModule):
    """Compare the embeddings of all processes by several losses.

    The embeddings are gathered with gradient and compared in float32 outside autocast: values and
    gradients are those of one process with the whole batch.

    A loss that divides similarities by a temperature names it in ``temperature``. The head owns
    the temperatures, so two losses that give the same name share one.

    Args:
        losses: name to config of each loss, ``None`` for a loss that is left out. Without it the
            two losses of PIR. A loss is called with :class:`EmbeddedPairs` and its temperature.
        temperatures: name to settings of :class:`Temperature` (``init``, ``fixed``, ``limits``).
            A name that is not listed gets the defaults.

    Raises:
        ValueError: if there is no loss, if no loss uses a listed temperature, or if the name of a
            temperature contains ``loss`` (mmengine would add its value to the total loss).
    """

    def __init__(
        self,
        losses: dict[str, dict | None] | None = None,
        temperatures: dict[str, dict] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        losses = LOSSES if losses is None else losses
        built = {name: MODELS.build(cfg) for name, cfg in losses.items() if cfg is not None}
        if not built:
            raise ValueError(f'a RetrievalHead needs at least one loss, got losses={losses}')
        self.losses = nn.ModuleDict(built)
        used = [loss.temperature for loss in built.values()]
        names = dict.fromkeys(name for name in used if name is not None)
        self._check(names, temperatures or {})
        self.temperatures = nn.ModuleDict(
            {name: Temperature(**(temperatures or {}).get(name, {})) for name in names}
        )

    def loss(self, pairs: EmbeddedPairs) -> dict[str, Tensor]:
        """Losses of the batch of all processes.

        Args:
            pairs: the share of this process.

        Returns:
            ``loss_<name>`` of each loss and ``temperature_<name>``, detached, of each temperature.

        Raises:
            ValueError: if the lengths of the fields do not fit together.
        """
        pairs.check_lengths()
        with torch.autocast(pairs.image_embedding.device.type, enabled=False):
            pairs = gather_pairs(pairs.as_float())
            # Read once, so that losses which share a temperature see the same value.
            values = {name: temperature() for name, temperature in self.temperatures.items()}
            result = {
                f'loss_{name}': loss(pairs, values.get(loss.temperature))
                for name, loss in self.losses.items()
            }
        return result | {f'temperature_{name}': value.detach() for name, value in values.items()}

    @staticmethod
    def _check(used: dict[str, None], given: dict[str, dict]) -> None:
        idle = [name for name in given if name not in used]
        if idle:
            raise ValueError(
                f'no loss of this head uses the temperature {idle[0]!r}, they use '
                f'{", ".join(used) or "none"}: rename it, or name it in `temperature` of a loss'
            )
        wrong = [name for name in used if 'loss' in name]
        if wrong:
            raise ValueError(
                f'the temperature {wrong[0]!r} must not have "loss" in its name: mmengine would '
                'add it to the total loss'
            )
