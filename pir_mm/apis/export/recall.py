"""What an export costs in recall, on a split of the model's own config."""

from pathlib import Path

from torch import nn

from pir_mm.apis.search.embedded_split import embed_split
from pir_mm.apis.weights.exported import ExportedDualEncoder
from pir_mm.functional.recall import recall_from_embeddings


def compare_recall(
    model: nn.Module, export: str | Path, split: str = 'val'
) -> dict[str, dict[str, float]]:
    """Recall of a torch model and of its export.

    Args:
        model: with its config, which names the data.
        export: folder of the export.
        split: ``'val'`` or ``'test'``.

    Returns:
        ``{'torch': recall, 'fp32' or 'int8': recall}``, each as
        :func:`pir_mm.functional.recall.retrieval_recall` gives it, in percent.

    Raises:
        FileNotFoundError: if data are missing.
        ValueError: if the config has no such split.
    """
    exported = ExportedDualEncoder(export)
    exported.cfg = model.cfg  # its data, read by the pipeline that the export was compared with
    found = {}
    for name, one in (('torch', model), (exported.exported.card.arithmetic, exported)):
        embedded = embed_split(one, split).embedded
        found[name] = recall_from_embeddings(embedded.image, embedded.text, embedded.image_of_text)
    return found
