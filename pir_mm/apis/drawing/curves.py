"""Learning curves of training runs."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pir_mm.apis.tables.run_log import RunScalars, read_run
from pir_mm.visualization.figure_file import check_ending, save_picture
from pir_mm.visualization.learning_curves import Curves, draw_learning_curves


def draw_curves(work_dirs: Sequence[str | Path], out: str | Path) -> list[RunScalars]:
    """Draw losses by iteration and validation recalls by epoch, one colour per run.

    Args:
        work_dirs: of training runs; a run goes by the name of its folder, by the folder above too
            where names are equal.
        out: ``.png`` or ``.pdf``.

    Returns:
        The numbers that were drawn.

    Raises:
        FileNotFoundError, ValueError: if a folder holds no numbers of a training, runs count
            validation differently, or ``out`` ends otherwise.
    """
    check_ending(out)
    runs = [read_run(work_dir) for work_dir in work_dirs]
    if len({run.by_epoch for run in runs}) != 1:
        raise ValueError('runs by epoch and runs by iteration do not fit into one picture')
    names = Counter(run.name for run in runs)
    curves = [
        Curves(
            run.name if names[run.name] == 1 else '/'.join(Path(folder).resolve().parts[-2:]),
            run.training,
            run.validation,
        )
        for run, folder in zip(runs, work_dirs, strict=True)
    ]
    figure = draw_learning_curves(curves, 'epoch' if runs[0].by_epoch else 'iteration')
    save_picture(figure, out)
    return runs
