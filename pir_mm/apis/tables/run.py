"""One run of a table: train a config with a seed, measure it on the test split, keep the result."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor

from pir_mm.apis.search.embedded_split import EmbeddedSplit, embed_split
from pir_mm.apis.tables import provenance
from pir_mm.apis.tables.provenance import digest
from pir_mm.apis.tables.run_log import read_run
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.training.running import best_checkpoint, run_test, train
from pir_mm.apis.weights.loading import load_retriever
from pir_mm.files.writing import write_json
from pir_mm.functional.intervals import hits_per_image
from pir_mm.functional.ranks import QueryRanks
from pir_mm.functional.recall import (
    TOPK,
    ranks_from_embeddings,
    recall_ceiling,
    recall_from_ranks,
)
from pir_mm.registry import MODELS
from pir_mm.version import __version__

OF_TRAINING = ('commit', 'versions', 'hardware')
"""Parts of a result that describe its training. A second measurement does not change them."""


class LeftOut:
    """Pictures that a second measurement leaves out.

    Args:
        path: list of copies, as ``tools/audit.py`` writes it. Pictures are compared by their file
            names.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if the file is not a list of copies.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            pairs = json.loads(Path(path).read_text())['copies']
            self.names = {Path(pair['picture']).name for pair in pairs}
        except (json.JSONDecodeError, KeyError, TypeError):
            raise ValueError(
                f'{path} is not a list of copies: make one with tools/audit.py'
            ) from None
        self.digest = digest('\n'.join(sorted(self.names)).encode())


def score_split(split: EmbeddedSplit, left_out: LeftOut | None = None) -> dict:
    """Recalls of a split, as values that JSON can hold.

    Args:
        split: the embedded split.
        left_out: pictures to leave out in a second measurement.

    Returns:
        ``pictures`` and ``captions``: how many. ``metrics``: the recalls and mR. ``ceiling``:
        their highest possible values. ``hits``: for each picture, its contribution to the six
        recalls. ``captions_per_picture``. With ``left_out`` also ``metrics_without``: the recalls
        without these pictures and their captions, neither as queries nor in the gallery.
    """
    whole = split.embedded
    ranks = ranks_from_embeddings(whole.image, whole.text, whole.image_of_text)
    scores = _scores(ranks, whole.image_of_text, split.text_id)
    if left_out is not None:
        kept = torch.tensor([Path(path).name not in left_out.names for path in split.paths])
        text_kept = kept[whole.image_of_text]
        image_of_text = (kept.cumsum(0) - 1)[whole.image_of_text[text_kept]]
        part = ranks_from_embeddings(whole.image[kept], whole.text[text_kept], image_of_text)
        scores['left_out'] = {'pictures': int((~kept).sum()), 'digest': left_out.digest}
        scores['metrics_without'] = recall_from_ranks(*part, TOPK)
    return scores


def _scores(ranks: tuple[QueryRanks, QueryRanks], image_of_text: Tensor, text_id: Tensor) -> dict:
    recalls = _recalls(ranks, image_of_text)
    pictures = len(recalls['hits'])
    return recalls | {
        'pictures': pictures,
        'captions': len(image_of_text),
        'captions_per_picture': image_of_text.bincount(minlength=pictures).tolist(),
        'ceiling': recall_ceiling(image_of_text, text_id, TOPK),
    }


def _recalls(ranks: tuple[QueryRanks, QueryRanks], image_of_text: Tensor) -> dict:
    hits, _ = hits_per_image(*ranks, image_of_text, TOPK)
    return {
        'metrics': recall_from_ranks(*ranks, TOPK),
        'hits': [[_short(value) for value in row] for row in hits.tolist()],
    }


def score_tested(runner: Runner) -> dict:
    """As :func:`score_split`, of a model that has just been tested.

    Returns:
        Of two stages also ``cascade``: mR for each k, milliseconds of a query by stage, see
        :class:`pir_mm.engine.loops.cascade.CascadeRanks`, and ``filter``: ``metrics`` and ``hits``
        of the filter alone, if there is one.
    """
    evaluator = runner.test_loop.evaluator
    dataset = runner.test_dataloader.dataset
    rows = range(len(dataset))
    text_id = [number for row in rows for number in dataset.get_data_info(row)['caption_id']]
    owner = evaluator.embedded.image_of_text
    scores = _scores(evaluator.ranks(), owner, torch.tensor(text_id))
    if evaluator.cascade is None:
        return scores
    found = evaluator.cascade_ranks
    means = {str(k): recall_from_ranks(*ranks, TOPK)['mR'] for k, ranks in found.by_k.items()}
    scores['cascade'] = {'by_k': means, 'milliseconds': found.milliseconds}
    if evaluator.cascade.filters:
        alone = tuple(side.ranks for side in found.filtered)
        scores['cascade']['filter'] = _recalls(alone, owner)
    return scores


def _short(value: float) -> float:
    """A whole number as int. Only ties make fractions, so most values are whole."""
    return int(value) if value == int(value) else round(value, 4)


@dataclass(frozen=True)
class Run:
    """A config, a seed, and the folders that the run writes to.

    Args:
        config: path of the config.
        seed: seed of weights, order and augmentation.
        options: ``key=value`` pairs that are merged into the config.
        results: folder of result files.
        work_dirs: folder of work directories.
        leave_out: list of pictures for a second measurement, see :class:`LeftOut`.
    """

    config: Path
    seed: int
    options: tuple[str, ...]
    results: Path
    work_dirs: Path
    leave_out: Path | None = None

    @property
    def row(self) -> str:
        return self.config.stem

    @property
    def result(self) -> Path:
        return self.results / f'{self.row}_seed{self.seed}.json'

    @property
    def work_dir(self) -> Path:
        return self.work_dirs / f'{self.row}_seed{self.seed}'

    def load_config(self) -> Config:
        options = [*self.options, f'randomness.seed={self.seed}']
        return load_config(self.config, options, work_dir=str(self.work_dir))


def finished_result(run: Run) -> dict | None:
    """Read the result file of a run; None if the run still has to be trained or measured.

    Raises:
        ValueError: if the result was made with another config, or if its second measurement is
            missing and cannot be made, because the checkpoint was deleted.
    """
    if not run.result.is_file():
        return None
    result = json.loads(run.result.read_text())
    _require_same(result['config_digest'], provenance.config_digest(run.load_config()), run.result)
    if run.leave_out is None:
        return result
    if result.get('left_out', {}).get('digest') == LeftOut(run.leave_out).digest:
        return result
    if not (run.work_dir / 'last_checkpoint').is_file():
        raise ValueError(
            f'{run.result} was measured without the list {run.leave_out}, and its checkpoint is '
            f'not in {run.work_dir}: move the result away to train and measure again'
        )
    return None


def measure(run: Run) -> dict:
    """Train a run and measure its best checkpoint, chosen on the val split, on the test split.

    Of a run that does not validate it is the last. A config with ``test_cfg.cascade`` is measured
    as that says, and a model without embeddings as it is tested.

    A killed run continues where it stopped. A finished run is read, not measured again.

    Returns:
        The content of ``run.result``.

    Raises:
        ValueError: if the result or the work directory was made with another config, or
            pictures shall be left out of what does not rank by embeddings.
        FileNotFoundError: if data or weights are missing.
    """
    result = finished_result(run)
    if result is not None:
        return result
    config = run.load_config()
    if run.leave_out is not None and not _ranks_by_embeddings(config):
        raise ValueError(
            f'{run.config} does not rank by embeddings, so it is measured on whole splits: leave '
            '--leave-out out'
        )
    current = provenance.config_digest(config)
    started = run.work_dir / 'config_digest'
    if started.is_file():
        _require_same(started.read_text(), current, run.work_dir)
    run.work_dir.mkdir(parents=True, exist_ok=True)
    started.write_text(current)
    if run.result.is_file():  # only the second measurement is missing
        before = json.loads(run.result.read_text())
        result = _measured(run, config) | {key: before[key] for key in OF_TRAINING}
    else:
        train(run.load_config(), resume='auto')  # which changes its config
        result = _measured(run, config)
    write_json(run.result, result, indent=None)
    return result


def _require_same(found: str, current: str, path: Path) -> None:
    if found != current:
        raise ValueError(
            f'{path} was made with another config than the current one: move it away to run again'
        )


def _ranks_by_embeddings(config: Config) -> bool:
    if config.test_cfg.get('cascade') is not None:
        return False
    return hasattr(MODELS.get(config.model.type), 'encode_image')


def _measured(run: Run, config: Config) -> dict:
    checkpoint = best_checkpoint(run.work_dir)
    if _ranks_by_embeddings(config):
        flat = run.work_dir / 'measured.py'
        config.dump(flat)
        model = load_retriever(flat, checkpoint)
        scores = score_split(embed_split(model), run.leave_out and LeftOut(run.leave_out))
    else:
        runner, _ = run_test(run.load_config(), str(checkpoint))  # which changes it too
        model, scores = runner.model, score_tested(runner)
    log = read_run(run.work_dir)
    parameters = list(model.parameters())
    return {
        'config': str(run.config),
        'seed': run.seed,
        'options': list(run.options),
        'config_digest': provenance.config_digest(config),
        'data_digest': provenance.data_digest(config),
        'weights': provenance.weight_digests(config),
        'commit': provenance.commit(),
        'versions': {'pir_mm': __version__, 'torch': torch.__version__},
        'hardware': provenance.hardware(),
        'minutes': log.minutes,
        'parameters': {
            'all': sum(p.numel() for p in parameters),
            'trained': sum(p.numel() for p in parameters if p.requires_grad),
        },
        'val_mR': [[step, record['mR']] for step, record in log.validation.items()],
        'best': checkpoint.name,
        **scores,
    }
