"""The numbers that a training run logged, over all its starts."""

import json
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path('vis_data') / 'scalars.json'
Records = dict[int, dict[str, float]]


@dataclass(frozen=True)
class RunScalars:
    """What one run logged.

    Args:
        name: name of its work directory.
        training: logged values such as ``loss``, by iteration.
        validation: logged values such as ``mR``, by epoch, or by iteration if the run does not
            count epochs.
        by_epoch: whether the keys of ``validation`` are epochs.
        starts: how many times the run was started or resumed.
    """

    name: str
    training: Records = field(default_factory=dict)
    validation: Records = field(default_factory=dict)
    by_epoch: bool = True
    starts: int = 1

    @property
    def minutes(self) -> float:
        """Time of all training iterations, without validation."""
        # A logged time is the mean of the iterations since about the record before.
        steps = [0, *self.training]
        spans = (after - before for before, after in zip(steps, steps[1:], strict=False))
        times = (record['time'] for record in self.training.values())
        return sum(span * time for span, time in zip(spans, times, strict=True)) / 60


def read_run(work_dir: str | Path) -> RunScalars:
    """Read ``TIME/vis_data/scalars.json`` of each start of a run.

    Where two starts logged the same step, the later start counts, so a curve continues where a
    run was resumed. A start that logged no training, such as a test, is left out. The last line
    of a file may be incomplete, because a killed run leaves it so.

    Args:
        work_dir: work directory of the run, or the folder of one start.

    Raises:
        FileNotFoundError: if the folder does not exist or has no such file.
        ValueError: if a file is damaged, or if no file has a training.
    """
    folder = Path(work_dir)
    if not folder.is_dir():
        raise FileNotFoundError(
            f'{work_dir} is not a folder: give the work directory of a training'
        )
    files = sorted(folder.glob(f'*/{FILE}')) or sorted(folder.glob(str(FILE)))
    if not files:
        raise FileNotFoundError(
            f'{work_dir} has no {Path("TIME") / FILE}: give the work directory of a training'
        )
    starts = [lines for lines in map(_read_lines, files) if any('iter' in line for line in lines)]
    if not starts:
        raise ValueError(f'{work_dir}: no training was logged in {", ".join(map(str, files))}')
    training: Records = {}
    validation: Records = {}
    for line in (line for lines in starts for line in lines):
        # only records of the training have the key `iter`
        part, step = (training, 'iter') if 'iter' in line else (validation, 'step')
        part[int(line[step])] = line
    by_epoch = any('epoch' in line for line in training.values())
    name = folder.resolve().name
    return RunScalars(name, _sorted(training), _sorted(validation), by_epoch, len(starts))


def _sorted(records: Records) -> Records:
    return dict(sorted(records.items()))


def _read_lines(path: Path) -> list[dict]:
    lines = path.read_text(encoding='utf-8').splitlines()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if 'step' not in record:
                raise ValueError('no step')
        except (ValueError, TypeError) as error:
            if number == len(lines):
                break
            raise ValueError(f'{path}, line {number}, is damaged ({error})') from None
        records.append(record)
    return records
