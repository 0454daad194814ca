"""The first part of a backbone, which is not trained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from pir_mm.files.names import first_few


class _ReachedError(Exception):
    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output


class FrozenPart:
    """The modules of a backbone from its input up to one of them, without training.

    Frozen means three things: the weights have no gradient, the modules stay in evaluation mode
    (so batch statistics do not move), and the forward through them is not recorded for a backward.
    Parameters that the backbone owns itself, such as a class token, enter at its input and are
    frozen with it.

    Args:
        backbone: the module. Its parameters lose their gradient here.
        last: dotted name of the last frozen module, such as ``'layer2'`` of a ResNet or
            ``'timm_model.blocks.4'``; ``True`` for the whole backbone.
        run: runs the backbone once on an image, to see in which order its modules come; not
            needed for the whole.

    Raises:
        ValueError: if the backbone has no module of this name, or its forward does not use it.
    """

    def __init__(
        self, backbone: nn.Module, last: str | bool, run: Callable[[], object] | None = None
    ) -> None:
        self.backbone = backbone
        self.last = None if last is True else _module(backbone, last)
        self.names = [''] if last is True else _modules_until(backbone, last, run)
        self._freeze(last)

    @property
    def is_whole(self) -> bool:
        return self.last is None

    def eval(self) -> None:
        """Put the modules into evaluation mode, as after each ``train()`` of the encoder."""
        for module in self._modules():
            module.eval()

    def state(self) -> dict[str, Tensor]:
        """All tensors of the modules, by their names in the backbone."""
        state = self.backbone.state_dict()
        if self.is_whole:
            return state
        own = dict(self.backbone.named_parameters())
        inside = tuple(f'{name}.' for name in self.names)
        return {
            name: value
            for name, value in state.items()
            if name.startswith(inside) or (name in own and not own[name].requires_grad)
        }

    def output(self, images: Tensor) -> Tensor:
        """What the last frozen module gives for images; only of a part that is not the whole."""
        with _hook(self.last, _stop), torch.no_grad():
            try:
                self.backbone(images)
            except _ReachedError as reached:
                return reached.output
        raise ValueError('the forward of the backbone does not reach its last frozen module')

    def rest(self, output: Tensor) -> object:
        """What the backbone gives, computed from :meth:`output` by the modules behind it alone.

        The frozen modules are passed through. That is right where the backbone is a chain of them;
        compare it with the whole forward before you rely on it.
        """
        with _passed_through([*self._modules()], self.last, output):
            return self.backbone(output)

    def _modules(self) -> Iterator[nn.Module]:
        return (self.backbone.get_submodule(name) for name in self.names)

    def _freeze(self, last: str | bool) -> None:
        for module in self._modules():
            module.requires_grad_(False)
        owners = [] if last is True else _ancestors(last)
        for owner in owners:
            for parameter in self.backbone.get_submodule(owner).parameters(recurse=False):
                parameter.requires_grad_(False)
        self.eval()


def _module(backbone: nn.Module, name: str) -> nn.Module:
    try:
        return backbone.get_submodule(name)
    except AttributeError:
        known = [known for known, _ in backbone.named_modules() if known.count('.') <= 2 and known]
        raise ValueError(
            f'frozen={name!r} is no part of {type(backbone).__name__}, which has '
            f'{first_few(known, 20)}: name the last one to freeze, or True for all'
        ) from None


def _ancestors(name: str) -> list[str]:
    parts = name.split('.')
    return ['.'.join(parts[:count]) for count in range(len(parts))]


def _modules_until(backbone: nn.Module, last: str, run: Callable[[], object]) -> list[str]:
    """The largest modules that have ended when ``last`` ends, in the order of the forward."""
    ended: list[str] = []

    def note(name: str) -> Callable:
        def hook(_module: nn.Module, _inputs: tuple, output: Tensor) -> None:
            ended.append(name)
            if name == last:
                raise _ReachedError(output)

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in backbone.named_modules()]
    try:
        run()
    except _ReachedError:
        inside = tuple(f'{name}.' for name in ended)
        return list(dict.fromkeys(name for name in ended if not name.startswith(inside)))
    finally:
        for hook in hooks:
            hook.remove()
    raise ValueError(
        f'frozen={last!r} is a part of {type(backbone).__name__} that its forward does not use'
    )


def _stop(_module: nn.Module, _inputs: tuple, output: Tensor) -> None:
    raise _ReachedError(output)


@contextmanager
def _hook(module: nn.Module, function: Callable) -> Iterator[None]:
    handle = module.register_forward_hook(function)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _passed_through(modules: list[nn.Module], last: nn.Module, output: Tensor) -> Iterator[None]:
    for module in modules:
        module.forward = _first
    last.forward = lambda *_inputs, **_settings: output
    try:
        yield
    finally:
        for module in modules:
            del module.forward


def _first(value: Tensor, *_others, **_settings) -> Tensor:
    return value
