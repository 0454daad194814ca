"""Evaluation in two stages: a filter ranks everything, a fusion model reads the first k again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.dist import gather_object
from torch import Tensor, nn
from torch.utils.data import Dataset

from pir_mm.engine.kept_states import KeptStates
from pir_mm.engine.loops.own_filter import OwnFilter
from pir_mm.engine.other_stage import OtherStage
from pir_mm.functional.cascade import (
    CandidatePairs,
    Candidates,
    Filtered,
    filter_both,
    merged,
    reranked,
)
from pir_mm.functional.ranks import QueryRanks
from pir_mm.functional.recall import checked_set
from pir_mm.functional.score_tiles import Compare, PositivePairs, inner_products
from pir_mm.structures.embedded_set import (
    EmbeddedSample,
    EmbeddedSet,
    from_every_process,
    on_main_process,
)

ALL = 'all'
DIRECTIONS = ('i2t', 't2i')


@dataclass
class SplitStates:
    """What a fusion model gave for the images and texts of a split, the share of this process.

    ``captions`` are the ids of the texts of each image, one for each caption.
    """

    kept: KeptStates = field(default_factory=KeptStates)
    captions: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def take(self, sample: Mapping[str, Any]) -> None:
        """Keep a sample of the model's ``predict``."""
        image_id = int(sample['image_id'])
        self.captions[image_id] = tuple(map(int, sample['caption_id']))
        self.kept.keep_image(image_id, sample['image_states'])
        for text_id, states in zip(sample['text_id'], sample['text_states'], strict=True):
            self.kept.keep_text(int(text_id), states)


class Cascade:
    """Two models that rank a split together; one of them is the model of the run.

    States of images and texts are computed once, each pair is scored once for both directions, and
    captions of the same words are one text. Each process scores the pairs of the images that it
    has read; the main process ranks.

    Args:
        model: of the run: a fusion model, which has ``match``, or else a filter.
        dataset: of the split.
        workers: of the loader of the other model.
        k: how many of each query are read again; ``'all'`` for the whole gallery. Several are
            evaluated together, by the scores of the largest.
        filter: where the run is that of a fusion model, ``dict(config=..., checkpoint=...)`` of a
            dual encoder or of a filter that it taught. A filter that learnt from just this model
            reads its states, so nothing is encoded twice. Without a filter the fusion model reads
            every pair, and ``k`` is ``'all'``.
        reranker: where the run is that of a filter, the same of a fusion model.

    Raises:
        ValueError: if a stage is missing or given twice, or ``k`` is below 1.
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: Dataset,
        workers: int = 0,
        k: int | str | Sequence[int | str] = 128,
        filter: Mapping[str, Any] | None = None,
        reranker: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.dataset, self.workers = model, dataset, workers
        self.k = _checked_sizes(k)
        self.reranks = hasattr(model, 'match')
        self._check_stages(filter, reranker)
        self._files = filter if self.reranks else reranker
        self._other: OtherStage | None = None
        self._own: OwnFilter | None = None
        self._samples: list[EmbeddedSample] = []
        self._states = SplitStates()

    @property
    def filters(self) -> bool:
        """Whether there is a filter at all."""
        return not self.reranks or self._files is not None

    def take(self, samples: Iterable[Any]) -> None:
        """Keep what the model of the run gave for a batch."""
        samples = [own if isinstance(own, dict) else own.to_dict() for own in samples]
        if not self.reranks:
            self._samples.extend(map(EmbeddedSample.of, samples))
            return
        if self.filters and self._is_new and self._other is None:
            self._own = OwnFilter.of(self._files, self.model)
        for sample in samples:
            self._states.take(sample)
        if not self.filters:
            self._samples.extend(map(_like_all_others, samples))
        elif self._own is not None:
            self._samples.extend(self._own.samples(samples))

    @torch.no_grad()
    def ranks(self, size: int, chunk: int | None = None) -> CascadeRanks | None:
        """Rank what was taken since the last call, on the main process; ``None`` on the others.

        Args:
            size: length of the dataset.
            chunk: of the filter, see :class:`ProductTiles`.
        """
        self._ask_other()
        embedded = EmbeddedSet.gather(self._samples, size)
        captions = gather_object(self._states.captions)
        questions: list[_Question] = []

        def ask() -> tuple[Tensor, Tensor]:
            questions.append(_Question(embedded, captions, self.k, chunk, self.compare))
            return questions[0].image_id, questions[0].text_id

        asked = on_main_process(ask)
        self._states.kept.share_texts()
        began = time.perf_counter()
        answers = from_every_process(lambda: self._scores(*asked))
        seconds = time.perf_counter() - began
        ranks: list[CascadeRanks] = []
        on_main_process(lambda: ranks.append(questions[0].ranks(answers, seconds)))
        self._forget_own()
        return ranks[0] if ranks else None

    @property
    def compare(self) -> Compare:
        """What compares rows of the filter."""
        stage = (self._own or self._other) if self.reranks else self
        return getattr(getattr(stage, 'model', None), 'compare', inner_products)

    def _ask_other(self) -> None:
        """Have the other model read the split, once in a run."""
        if self._files is None or self._other is not None or self._own is not None:
            return
        place = 'cascade.filter' if self.reranks else 'cascade.reranker'
        self._other = OtherStage(place, self._files)
        if hasattr(self._other.model, 'match') == self.reranks:
            raise ValueError(
                f'{place} is a {type(self._other.model).__name__}: wanted a '
                + ('filter, such as a dual encoder' if self.reranks else 'fusion model')
            )
        for sample in self._other.samples(self.dataset, self.workers):
            if self.reranks:
                self._samples.append(EmbeddedSample.of(sample))
            else:
                self._states.take(sample.to_dict())

    @property
    def _is_new(self) -> bool:
        """Whether nothing was taken since the last evaluation."""
        return not self._states.captions

    def _forget_own(self) -> None:
        """What the model of the run gave is another thing after more training."""
        if self.reranks:
            self._states = SplitStates()
        if self._other is None or not self.reranks:
            self._samples = []

    def _scores(self, image_id: Tensor, text_id: Tensor) -> tuple[Tensor, Tensor]:
        """Positions and scores of the pairs whose image this process has read."""
        fusion = self.model if self.reranks else self._other.model
        own = torch.isin(image_id, torch.tensor(list(self._states.captions))).nonzero().squeeze(1)
        return own, self._states.kept.scores(fusion, image_id[own], text_id[own])

    def _check_stages(self, filter: Any, reranker: Any) -> None:
        if not self.reranks:
            if filter is not None or reranker is None:
                raise ValueError(
                    'the model of this run is the filter of its cascade: give cascade.reranker, a '
                    'fusion model, and no cascade.filter'
                )
        elif reranker is not None:
            raise ValueError('the model of this run re-ranks by itself: leave cascade.reranker out')
        elif filter is None and self.k != [ALL]:
            raise ValueError(
                f"without a filter every pair is read: set cascade.k='{ALL}', or give "
                'cascade.filter'
            )


class _Question:
    """What the filter says of a split, and the pairs that it asks the fusion model for."""

    def __init__(
        self,
        embedded: EmbeddedSet,
        captions: Sequence[Mapping[int, tuple[int, ...]]],
        k: Sequence[int | str],
        chunk: int | None,
        compare: Compare,
    ) -> None:
        of_image = {image_id: own for part in captions for image_id, own in part.items()}
        ids = sorted(of_image)
        counts = torch.tensor([len(of_image[image_id]) for image_id in ids])
        if not torch.equal(counts, embedded.image_of_text.bincount()):
            raise ValueError('the two models of a cascade did not read the same captions')
        text_id = torch.tensor([number for image_id in ids for number in of_image[image_id]])
        whole = max(len(embedded.image), len(text_id))
        self.sizes = sorted({whole if one == ALL else one for one in k})
        self.embedded = embedded
        began = time.perf_counter()
        device = get_device()
        rows = embedded.image.to(device), embedded.text.to(device), embedded.image_of_text
        self.filtered = filter_both(*checked_set(*rows), self.sizes[-1], chunk, compare)
        self.seconds = time.perf_counter() - began
        self.pairs = CandidatePairs.of(*(side.candidates.ids for side in self.filtered), text_id)
        self.image_id, self.text_id = torch.tensor(ids)[self.pairs.image], self.pairs.text

    def ranks(self, answers: Iterable[tuple[Tensor, Tensor]], seconds: float) -> CascadeRanks:
        """The ranks from the scores of all processes, which took so many seconds."""
        scores = torch.full((len(self.image_id),), torch.nan)
        for positions, own in answers:
            scores[positions] = own
        rescored = self.pairs.spread(scores)
        pairs = PositivePairs.image_to_text(self.embedded.image_of_text)
        sides = list(zip(self.filtered, rescored, (pairs, pairs.reversed()), strict=True))
        by_k = {
            k: tuple(reranked(side.first(k), own[:, :k], positive) for side, own, positive in sides)
            for k in self.sizes
        }
        milliseconds = {'filter': 1000 * self.seconds / sum(map(len, rescored))}
        of_a_pair = 1000 * seconds / sum(own.numel() for own in rescored)
        for direction, own in zip(DIRECTIONS, rescored, strict=True):
            milliseconds[f'{direction}/rerank'] = of_a_pair * own.size(1)
        return CascadeRanks(self.embedded, self.filtered, rescored, by_k, milliseconds)


@dataclass(frozen=True, eq=False)
class CascadeRanks:
    """What a cascade found.

    Args:
        embedded: rows of the filter.
        filtered: of both directions, by the filter, with the candidates of the largest k.
        rescored: ``(N, k)`` and ``(M, k)``, their scores by the fusion model.
        by_k: for each k, ascending, ranks of both directions after the first k were re-ranked.
        milliseconds: by stage, of one query among all of the split.
    """

    embedded: EmbeddedSet
    filtered: tuple[Filtered, Filtered]
    rescored: tuple[Tensor, Tensor]
    by_k: dict[int, tuple[QueryRanks, QueryRanks]]
    milliseconds: dict[str, float]

    @property
    def is_full(self) -> bool:
        """Whether the largest k is the whole gallery of both directions."""
        return max(self.by_k) >= max(map(len, self.rescored))

    def scores(self, direction: str, queries: Tensor, filter_scores: Tensor) -> Tensor:
        """Scores ``(q, G)`` of some queries with the whole gallery, in the order of the cascade.

        Args:
            direction: ``'i2t'`` or ``'t2i'``.
            queries: ``(q,)`` long.
            filter_scores: ``(q, G)`` by the filter.
        """
        side = DIRECTIONS.index(direction)
        ids = self.filtered[side].candidates.ids[queries]
        rest = filter_scores.scatter(1, ids, -torch.inf).argsort(
            dim=1, descending=True, stable=True
        )
        ids = torch.cat([ids, rest[:, : rest.size(1) - ids.size(1)]], dim=1)
        ids, scores = merged(
            Candidates(ids, filter_scores.gather(1, ids)), self.rescored[side][queries]
        )
        return torch.empty_like(scores).scatter(1, ids, scores)


def _checked_sizes(k: Any) -> list[int | str]:
    sizes = list(k) if isinstance(k, list | tuple) else [k]
    wrong = [one for one in sizes if one != ALL and (not isinstance(one, int) or one < 1)]
    if wrong or not sizes:
        raise ValueError(
            f"cascade.k must be a whole number of at least 1, or '{ALL}', or several, got {k!r}"
        )
    return sizes


def _like_all_others(sample: Mapping[str, Any]) -> EmbeddedSample:
    """A sample that no filter tells from another one."""
    image = np.zeros(1, dtype=np.float32)
    texts = np.zeros((len(sample['text_id']), 1), dtype=np.float32)
    return EmbeddedSample.of({**sample, 'image_embedding': image, 'text_embedding': texts})
