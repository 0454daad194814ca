"""The named cases: what is measured, against what, with which target."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pir_mm.apis.benchmarking import (
    cascade_cases,
    clip_cases,
    epoch_cases,
    index_cases,
    indexing_cases,
    loss_cases,
    model_cases,
    query_cases,
    ranking_cases,
)
from pir_mm.apis.benchmarking.contest import Contest


@dataclass(frozen=True)
class Case:
    """A contest by name.

    Args:
        contest: makes it; a new process can import it by name.
        target: how many times as fast ours ought to be.
        quick: whether it takes little time.
        apart: whether the memory of both is measured, each in a process of its own.
    """

    contest: Callable[[], Contest]
    target: float | None = None
    quick: bool = False
    apart: bool = False


CASES = {
    'train_step_fp32': Case(partial(model_cases.train_step, bf16=False)),
    'train_step_bf16': Case(partial(model_cases.train_step, bf16=True), 2),
    'encode_image_bf16': Case(model_cases.encode_image),
    'encode_text_bf16': Case(model_cases.encode_text),
    'cached_gradient': Case(clip_cases.cached_gradient, apart=True),
    'encode_clip_bf16': Case(clip_cases.encode_clip),
    'loading': Case(epoch_cases.loading),
    'stream': Case(epoch_cases.stream),
    'epoch_by_image': Case(epoch_cases.epoch_by_image),
    'epoch_cached': Case(epoch_cases.epoch_cached, 20),
    'affiliation_b128': Case(partial(loss_cases.affiliation_loss, 128), quick=True),
    'affiliation_b512': Case(partial(loss_cases.affiliation_loss, 512), 40, quick=True),
    'affiliation_b1024': Case(partial(loss_cases.affiliation_loss, 1024), quick=True),
    'affiliation_b4096': Case(partial(loss_cases.affiliation_loss, 4096), quick=True),
    'contrastive_b512': Case(partial(loss_cases.contrastive_loss, 512), quick=True),
    'belief_rank': Case(loss_cases.belief_rank, quick=True),
    'recall_1k_5k': Case(partial(ranking_cases.recall, 1_000), quick=True),
    'recall_10k_50k': Case(partial(ranking_cases.recall, 10_000, share=0.01), 4, quick=True),
    'recall_100k_500k': Case(partial(ranking_cases.recall, 100_000, share=0.0002)),
    'filter_rsicd': Case(cascade_cases.filter_all, 5, quick=True),
    'cascade_k128_i2t': Case(partial(cascade_cases.cascade, 'i2t'), 19, quick=True),
    'cascade_k128_t2i': Case(partial(cascade_cases.cascade, 't2i'), 7, quick=True),
    'embed_folder': Case(indexing_cases.embed_folder),
    'embed_raster': Case(indexing_cases.embed_raster, apart=True),
    'index_1m_exact': Case(partial(index_cases.exact, 1_000_000)),
    'index_1m_faiss': Case(partial(index_cases.faiss, 1_000_000)),
    'index_1m_milvus': Case(partial(index_cases.milvus, 1_000_000)),
    'cold_start': Case(query_cases.cold_start),
    'cold_start_export': Case(query_cases.cold_start_export),
    'warm_query': Case(query_cases.warm_query),
}
QUICK = tuple(name for name, case in CASES.items() if case.quick)
"""The cases that take minutes together."""
