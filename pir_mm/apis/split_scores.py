"""All that a table needs of an embedded split: recalls, their parts by picture, their bounds."""

import json
from pathlib import Path

import torch

from pir_mm.apis.provenance import digest
from pir_mm.apis.split_embedding import EmbeddedSplit
from pir_mm.functional.recall import TOPK, recall_of_standing, standing_from_embeddings
from pir_mm.functional.recall_ceiling import recall_ceiling
from pir_mm.functional.recall_resampling import hits_per_picture


class LeftOut:
    """Pictures without which recall is reported a second time.

    Args:
        path: a list of copies, as ``tools/audit.py`` writes it. Pictures are known by the names
            of their files.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no list of copies.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            pairs = json.loads(Path(path).read_text())['copies']
            self.names = {Path(pair['picture']).name for pair in pairs}
        except (json.JSONDecodeError, KeyError, TypeError):
            raise ValueError(f'{path} is no list of copies: make it by tools/audit.py') from None
        self.digest = digest('\n'.join(sorted(self.names)).encode())


def score_split(split: EmbeddedSplit, left_out: LeftOut | None = None) -> dict:
    """Scores of a split, ready for JSON.

    Returns:
        ``metrics``; ``ceiling``, what they can be at most; ``hits``, for each picture what it
        adds to the six recalls; ``captions_per_picture``; and with ``left_out`` also
        ``metrics_without`` these pictures and their captions, in queries and galleries.
    """
    whole = split.embedded
    standing = standing_from_embeddings(whole.image, whole.text, whole.image_of_text)
    hits, queries = hits_per_picture(*standing, whole.image_of_text, TOPK)
    scores = {
        'metrics': recall_of_standing(*standing, TOPK),
        'ceiling': recall_ceiling(whole.image_of_text, split.text_id, TOPK),
        'hits': [[_short(value) for value in row] for row in hits.tolist()],
        'captions_per_picture': queries[:, -1].int().tolist(),
    }
    if left_out is not None:
        kept = torch.tensor([Path(path).name not in left_out.names for path in split.paths])
        text_kept = kept[whole.image_of_text]
        owner = (kept.cumsum(0) - 1)[whole.image_of_text[text_kept]]
        part = standing_from_embeddings(whole.image[kept], whole.text[text_kept], owner)
        scores['left_out'] = {'pictures': int((~kept).sum()), 'digest': left_out.digest}
        scores['metrics_without'] = recall_of_standing(*part, TOPK)
    return scores


def _short(value: float) -> float:
    """Without a fraction where there is none, as is the rule: only ties leave some."""
    return int(value) if value == int(value) else round(value, 4)
