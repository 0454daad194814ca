"""Classify pictures by the names of their scenes alone."""

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pir_mm.apis.search.embedding import embed_images, embed_texts
from pir_mm.datasets.caption_file import read_caption_file, scene_name
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.datasets.scene_folder import class_pictures
from pir_mm.files.texts import read_names
from pir_mm.files.writing import write_json
from pir_mm.functional.classification import confusion, top_hits
from pir_mm.functional.intervals import wilson_interval
from pir_mm.visualization.confusion_matrix import draw_confusion
from pir_mm.visualization.figure_file import check_ending, save_picture

TEMPLATES = (
    'a satellite photo of {}.',
    'an aerial photo of {}.',
    'a remote sensing image of {}.',
    '{} seen from above.',
)
"""Sentences whose embeddings are averaged for a class."""

UCM_NAMES = {
    'baseballdiamond': 'baseball diamond',
    'denseresidential': 'dense residential',
    'golfcourse': 'golf course',
    'mediumresidential': 'medium residential',
    'mobilehomepark': 'mobile home park',
    'parkinglot': 'parking lot',
    'sparseresidential': 'sparse residential',
    'storagetanks': 'storage tanks',
    'tenniscourt': 'tennis court',
}
"""What the folders of UC Merced mean, which join words without a sign."""


@dataclass(frozen=True)
class SceneAccuracy:
    """Result of a classification, in percent.

    Attributes:
        classes: names of the scenes, as people read them.
        pictures: of each class.
        top1, top5: over all pictures.
        interval: 95 % interval of ``top1`` (Wilson).
        by_class: top-1 of each class.
        confusion: ``[true][taken for]``, pictures.
        chance: top-1 of guessing.
        templates: sentences that were used.
        left_out: number of pictures that were not asked about.
    """

    classes: list[str]
    pictures: list[int]
    top1: float
    top5: float
    interval: tuple[float, float]
    by_class: list[float]
    confusion: list[list[int]]
    chance: float
    templates: list[str]
    left_out: int


def classify_scenes(
    model: nn.Module,
    folder: str | Path,
    templates: Sequence[str] = TEMPLATES,
    leave_out: str | Path | None = None,
    picture: str | Path | None = None,
    out: str | Path | None = None,
    batch_size: int = 64,
) -> SceneAccuracy:
    """Classify pictures by the names of their scenes.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        folder: ``CLASS/picture`` below it, as AID and RESISC45 come, or ``FOLDER:SPLIT`` of a
            prepared caption set, whose pictures with a known scene are asked about.
        templates: sentences with ``{}`` for the name of the class.
        leave_out: list of pictures, relative to ``folder``, that are not asked about, such as those
            that the model was trained on; ``tools/audit.py pictures --names`` writes one.
        picture: ``.png`` or ``.pdf`` file for the matrix of confusions.
        out: ``.json`` file for the result.
        batch_size: pictures per step.

    Raises:
        FileNotFoundError: if there is no such folder or no class folder with pictures.
        ValueError: if there is one class only, a template has no ``{}``, a picture cannot be
            decoded, ``leave_out`` names a picture that is not there, or ``picture`` ends otherwise.
    """
    if picture is not None:
        check_ending(picture)
    names, paths, label, left_out = _pictures(str(folder), leave_out)
    classes = [in_words(name) for name in names]
    wanted = class_embeddings(model, classes, templates)
    scores = torch.from_numpy(embed_images(model, paths, batch_size)) @ wanted.T
    table = confusion(scores.argmax(dim=1), label, len(classes))
    hits = top_hits(scores, label)
    count = label.bincount(minlength=len(classes))
    by_class = torch.zeros(len(classes), dtype=torch.float64).index_add_(0, label, hits) / count
    lower, upper = wilson_interval(hits.mean()[None], torch.tensor([len(label)]))
    if picture is not None:
        save_picture(draw_confusion(classes, table.numpy()), picture)
    result = SceneAccuracy(
        classes=classes,
        pictures=count.tolist(),
        top1=100 * hits.mean().item(),
        top5=100 * top_hits(scores, label, 5).mean().item(),
        interval=(100 * lower.item(), 100 * upper.item()),
        by_class=(100 * by_class).tolist(),
        confusion=table.tolist(),
        chance=100 / len(classes),
        templates=list(templates),
        left_out=left_out,
    )
    if out is not None:
        write_json(Path(out), asdict(result))
    return result


def class_embeddings(model: nn.Module, classes: Sequence[str], templates: Sequence[str]) -> Tensor:
    """One unit vector for each class, the direction of the mean over its sentences.

    As Radford et al., *Learning Transferable Visual Models From Natural Language Supervision*,
    ICML 2021, section 3.1.4.

    Args:
        model: from :func:`pir_mm.apis.load_retriever`.
        classes: names.
        templates: sentences with ``{}`` for the name.

    Returns:
        ``(C, D)`` float32.

    Raises:
        ValueError: if there is no template, or one has no ``{}``.
    """
    wrong = [template for template in templates if '{}' not in template]
    if wrong or not templates:
        raise ValueError(f'a template needs {{}} for the name of the class, got {wrong or "none"}')
    sentences = [template.replace('{}', name) for name in classes for template in templates]
    vectors = torch.from_numpy(np.asarray(embed_texts(model, sentences)))
    return F.normalize(vectors.view(len(classes), len(templates), -1).mean(dim=1), dim=-1)


def in_words(name: str) -> str:
    """The name of a folder as a caption has it: ``DenseResidential`` is ``dense residential``."""
    parted = re.sub(r'(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|[_\-]+', ' ', name)
    words = ' '.join(parted.split()).lower()
    return UCM_NAMES.get(words, words)


def _pictures(what: str, leave_out: str | Path | None) -> tuple[list[str], list[Path], Tensor, int]:
    root, pictures = _scenes_of(what)
    unwanted = set()
    if leave_out is not None:
        there = {path.relative_to(root).as_posix() for own in pictures.values() for path in own}
        unwanted = {root / name for name in read_names(leave_out, there, what)}
    names, paths, labels, left_out = [], [], [], 0
    for name, found in pictures.items():
        own = [path for path in found if path not in unwanted]
        left_out += len(found) - len(own)
        if own:
            labels += [len(names)] * len(own)
            names.append(name)
            paths += own
    if not names:
        raise ValueError(f'{leave_out} names every picture of {what}: nothing is left to ask about')
    if len(names) == 1:
        raise ValueError(f'{what} has one class, {names[0]}: there is nothing to tell apart')
    return names, paths, torch.tensor(labels), left_out


def _scenes_of(what: str) -> tuple[Path, dict[str, list[Path]]]:
    """The folder to which names are relative, and the pictures of each scene."""
    folder, _, split = what.rpartition(':')
    if os.path.isdir(what) or not os.path.isfile(os.path.join(folder, CAPTIONS)):
        return Path(what), class_pictures(Path(what))
    annotations = read_caption_file(Path(folder) / CAPTIONS)
    pictures: dict[str, list[Path]] = {}
    for annotation in annotations:
        scene = scene_name(annotation)
        if annotation['split'] == split and scene is not None:
            path = Path(folder) / IMAGES / annotation['filename']
            pictures.setdefault(scene, []).append(path)
    if not pictures:
        found = ', '.join(sorted({annotation['split'] for annotation in annotations}))
        raise ValueError(
            f'{folder} has no picture of split {split!r} whose scene is known; '
            f'its splits are {found}'
        )
    return Path(folder) / IMAGES, dict(sorted(pictures.items()))
