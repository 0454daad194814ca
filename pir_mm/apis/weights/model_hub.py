"""The models of this package in mmpretrain's model hub."""

from pathlib import Path

from mmpretrain.apis.model import ModelHub

PACKAGE = Path(__file__).resolve().parents[2]


def model_index_file() -> Path:
    """Path of ``model-index.yml``, in the installed package or at the top of a checkout.

    Raises:
        FileNotFoundError: if the file is in neither.
    """
    for folder in (PACKAGE / '.mim', PACKAGE.parent):
        if (folder / 'model-index.yml').is_file() and (folder / 'configs').is_dir():
            return folder / 'model-index.yml'
    raise FileNotFoundError(f'model-index.yml is not beside {PACKAGE}: install pir_mm again')


def register_models() -> None:
    """Let ``mmpretrain.get_model`` and ``list_models`` find the models of this package."""
    index = model_index_file()
    if not ModelHub.has('pir_itr_swin_bert'):
        ModelHub.register_model_index(index, config_prefix=index.parent)
