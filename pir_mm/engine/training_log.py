"""What a run's log says, over all its starts."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingLog:
    """Scalars of a run in the order of their steps.

    Args:
        train: entries of training, each with ``step`` and ``time``, seconds of an iteration.
        val: entries of validation, each with ``step``, an epoch or iteration, and the metrics.
    """

    train: list[dict]
    val: list[dict]

    @property
    def minutes(self) -> float | None:
        """Time of all training iterations, validation not included; None if none was logged."""
        if not self.train:
            return None
        # Each entry tells the mean time of an iteration since about the entry before it.
        steps = [0, *(entry['step'] for entry in self.train)]
        spans = (b - a for a, b in zip(steps, steps[1:], strict=False))
        pairs = zip(spans, self.train, strict=True)
        return sum(span * entry['time'] for span, entry in pairs) / 60

    def validated(self, key: str) -> list[tuple[int, float]]:
        """Steps and values of a metric of validation."""
        return [(entry['step'], entry[key]) for entry in self.val if key in entry]


def read_training_log(work_dir: str | Path) -> TrainingLog:
    """Join the logs of all starts of a run; of a step logged twice the later start counts.

    Raises:
        FileNotFoundError: if nothing was logged there.
    """
    files = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(f'{work_dir} holds no log of a run (*/vis_data/scalars.json)')
    train: dict[int, dict] = {}
    val: dict[int, dict] = {}
    for file in files:
        for line in file.read_text().splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:  # the last line of a killed run
                continue
            kind = train if 'loss' in entry else val
            kind[entry['step']] = entry
    return TrainingLog(*([kind[step] for step in sorted(kind)] for kind in (train, val)))
