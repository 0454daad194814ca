"""Means and deviations of the maps that a backbone makes on its way."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class MapStatistics:
    """What the channels of some inner maps are on average, and how much they vary in place.

    Args:
        backbone: the module.
        names: dotted names of modules in it that give maps ``(B, C, H, W)``.
        run: runs the backbone once on an image, to find the widths.

    Raises:
        ValueError: if a module is not there, is not used, or gives something else than a map.
    """

    def __init__(
        self, backbone: nn.Module, names: Sequence[str], run: Callable[[], object]
    ) -> None:
        known = dict(backbone.named_modules())
        for name in names:
            if name not in known:
                raise ValueError(f'levels: {type(backbone).__name__} has no module {name!r}')
        self.names = tuple(names)
        _, maps = self._watched(backbone, run)
        for name in names:
            shape = getattr(maps.get(name), 'shape', None)
            if shape is None or len(shape) != 4:
                found = 'nothing' if shape is None else f'{tuple(shape)}'
                raise ValueError(f'levels: {name} gives {found}, wanted a map (B, C, H, W)')
        self.width = 2 * sum(maps[name].size(1) for name in names)

    def of(self, backbone: nn.Module, images: Tensor) -> tuple[object, Tensor]:
        """The output of the backbone, and the statistics ``(B, width)``: mean, deviation, by name.

        The backbone is the one that this was made for, or a copy of it.
        """
        output, maps = self._watched(backbone, lambda: backbone(images))
        parts = []
        for name in self.names:
            cells = maps[name]
            mean = cells.mean(dim=(2, 3), keepdim=True)
            spread = torch.linalg.vector_norm(cells - mean, dim=(2, 3))  # 0 has a gradient
            parts += [mean.flatten(1), spread / cells[0, 0].numel() ** 0.5]
        return output, torch.cat(parts, dim=1)

    def _watched(
        self, backbone: nn.Module, run: Callable[[], object]
    ) -> tuple[object, dict[str, Tensor]]:
        maps: dict[str, Tensor] = {}

        def keep(name: str) -> Callable:
            def hook(_module: nn.Module, _inputs: tuple, output: Tensor) -> None:
                maps[name] = output

            return hook

        hooks = [
            backbone.get_submodule(name).register_forward_hook(keep(name)) for name in self.names
        ]
        try:
            return run(), maps
        finally:
            for hook in hooks:
                hook.remove()
