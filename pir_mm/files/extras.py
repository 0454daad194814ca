"""Libraries that come with an extra of this package and are imported when they are needed."""

import importlib
from types import ModuleType


def import_extra(name: str, extra: str, what: str) -> ModuleType:
    """A module of an extra.

    Args:
        name: of the module, maybe with dots.
        extra: of this package that brings it.
        what: needs it, for the message.

    Raises:
        ModuleNotFoundError: if its library is not installed; names the command.
    """
    library = name.partition('.')[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != library:
            raise
        raise ModuleNotFoundError(
            f'{what} {library}: install it by `pip install "pir_mm[{extra}]"`'
        ) from None
