"""Our models under mmpretrain's roof."""

from pathlib import Path

from mmpretrain.apis.model import ModelHub

PACKAGE = Path(__file__).resolve().parents[2]


def model_index_file() -> Path:
    """The list of models: packed with an installed package, at the top of a checkout.

    Raises:
        FileNotFoundError: if there is neither.
    """
    for folder in (PACKAGE / '.mim', PACKAGE.parent):
        if (folder / 'model-index.yml').is_file() and (folder / 'configs').is_dir():
            return folder / 'model-index.yml'
    raise FileNotFoundError(f'no model-index.yml beside {PACKAGE}: install pir_mm anew')


def register_models() -> None:
    """Let ``mmpretrain.get_model`` and ``list_models`` find the models of this package."""
    index = model_index_file()
    if not ModelHub.has('pir_itr_swin_bert'):
        ModelHub.register_model_index(index, config_prefix=index.parent)
