"""One door for all retrievers: one's own, and public ones by name or from their file."""

import difflib
from pathlib import Path

import torch
from mmengine.model import BaseModel

from pir_mm.apis.weights.catalogue import CATALOGUE
from pir_mm.apis.weights.exported import ExportedDualEncoder
from pir_mm.apis.weights.trained import load_trained
from pir_mm.deployment.export_card import CARD, IMAGE, export_folder, is_export
from pir_mm.files.checksums import file_sha256
from pir_mm.models.converters import RETRIEVERS

PUBLIC = tuple(name for name, weights in CATALOGUE.items() if weights.layout in RETRIEVERS)
"""Names of the public retrievers."""


def load_retriever(
    config_or_name: str | Path | None = None,
    checkpoint: str | Path | None = None,
    device: str | torch.device = 'cpu',
    layout: str | None = None,
    arch: str | None = None,
    text_only: bool = False,
) -> BaseModel:
    """Load a retriever in eval mode, all of its weights or none.

    A public one is fetched and converted on first use, into ``data/weights``, and needs no network
    afterwards. So is a file of a public layout.

    Args:
        config_or_name: config file, by default the one beside the checkpoint with the same stem;
            the name of a public retriever, one of ``PUBLIC``; or the folder of an exported model.
        checkpoint: weight file; ``None`` leaves all weights at random. With a layout it may be
            the zip archive that its publisher made.
        device: device of the model.
        layout: whose names the checkpoint has, one of
            :data:`pir_mm.models.converters.RETRIEVERS`, where it is not of this package.
        arch: open_clip's name of the architecture of such a checkpoint, where the layout does not
            tell it.
        text_only: leave out what only images need, where the model can do without: neither built
            nor read, so that it is there sooner.

    Returns:
        The model, with its config as ``cfg``. A dual encoder has ``encode_image`` and
        ``encode_text``, a fusion model ``match``.

    Raises:
        FileNotFoundError: if a file is missing. The vocabulary is read only with the first text.
        OSError: if a public retriever cannot be fetched.
        ValueError: if neither file is given, if the checkpoint does not have exactly the tensors
            of the model, or if there is no such name, layout or device.
    """
    config, checkpoint = retriever_files(config_or_name, checkpoint, layout, arch)
    if is_export(config):
        return ExportedDualEncoder(config, device)
    return load_trained(config, checkpoint, device, text_only)


def retriever_files(
    config_or_name: str | Path | None = None,
    checkpoint: str | Path | None = None,
    layout: str | None = None,
    arch: str | None = None,
) -> tuple[str | Path | None, str | Path | None]:
    """Config and weights of a retriever, fetched and converted where needed, else as given.

    Arguments and errors are those of :func:`load_retriever`.
    """
    if layout is not None:
        if checkpoint is None or config_or_name is not None:
            raise ValueError(f'layout={layout!r} goes with a checkpoint and without a config')
        weights = _converted(Path(checkpoint).expanduser(), layout, arch)
        return weights.with_suffix('.py'), weights
    if arch is not None:
        raise ValueError(f'arch={arch!r} goes with a layout: give both, or neither')
    if is_export(config_or_name):
        folder = export_folder(config_or_name)
        if checkpoint is not None and Path(checkpoint) != folder / IMAGE:
            raise ValueError(
                f'{config_or_name} is an exported model, with its weights in it: leave out '
                f'{checkpoint}'
            )
        return folder / CARD, folder / IMAGE
    if checkpoint is None and config_or_name is not None and _is_name(config_or_name):
        from pir_mm.apis.weights.fetching import fetch_weights  # brings a library for downloads

        weights = fetch_weights(str(config_or_name))
        return weights.with_suffix('.py'), weights
    return config_or_name, checkpoint


def _is_name(given: str | Path) -> bool:
    if Path(given).suffix or Path(given).exists():
        return False
    if given not in PUBLIC:
        near = difflib.get_close_matches(str(given), PUBLIC, n=1)
        hint = f'did you mean {near[0]}?' if near else f'these are public: {", ".join(PUBLIC)}'
        raise ValueError(f'{given} is neither a config nor a public retriever, {hint}')
    return True


def _converted(source: Path, layout: str, arch: str | None) -> Path:
    if layout not in RETRIEVERS:
        raise ValueError(f'layout {layout!r} is unknown, wanted one of {", ".join(RETRIEVERS)}')
    if not source.is_file():
        raise FileNotFoundError(f'weight file {source} does not exist')
    from pir_mm.apis.weights.conversion import convert_checkpoint
    from pir_mm.apis.weights.fetching import WEIGHTS

    parts = (source.stem, layout, arch, file_sha256(source)[:8])
    out = WEIGHTS / ('-'.join(part for part in parts if part) + '.pth')
    if not (out.is_file() and out.with_suffix('.py').is_file()):
        convert_checkpoint(layout, source, out, arch=arch)
    return out
