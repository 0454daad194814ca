"""Weight decay on matrices only, whatever other rule names a parameter."""

import logging

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from pir_mm.engine.least_level import least_level
from pir_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS

NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MatrixDecayConstructor(DefaultOptimWrapperConstructor):
    """mmengine's constructor without weight decay on biases, norms, temperatures and vectors.

    In mmengine a parameter that one of ``custom_keys`` names follows that rule alone: a slower
    learning rate for a backbone brings weight decay back to its batch norms. Here the learning
    rate of the rule stays, and a parameter with fewer than two dimensions, any parameter of a norm,
    and any ``bias`` have no decay in every case. ``custom_keys`` may free more of it, such as a
    table of relative positions. Parameters that are not trained are left out without a word;
    mmengine warns of each.

    Args:
        optim_wrapper_cfg, paramwise_cfg: as ``mmengine.optim.DefaultOptimWrapperConstructor``.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        # mmengine makes no group of its own for each parameter if there is no rule at all
        super().__init__(optim_wrapper_cfg, {'custom_keys': {}, **(paramwise_cfg or {})})

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs) -> None:
        with least_level(logging.ERROR):
            super().add_params(params, module, prefix, **kwargs)
        if prefix or self.base_wd is None:
            return  # a part of the model, or an optimiser without weight decay
        plain = _without_decay(module)
        for group in params:
            if id(group['params'][0]) in plain:
                group['weight_decay'] = 0.0


def _without_decay(model: nn.Module) -> set[int]:
    return {
        id(parameter)
        for module in model.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter.dim() < 2 or isinstance(module, NORMS) or name.endswith('bias')
    }
