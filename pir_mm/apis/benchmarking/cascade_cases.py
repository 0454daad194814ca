"""A filter over a whole test set, and a cascade against reading every pair."""

import copy

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from pir_mm.apis.benchmarking.alternatives import scores_pair_by_pair
from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.apis.training.configuration import load_config
from pir_mm.apis.weights.model_hub import model_index_file
from pir_mm.engine.kept_states import KeptStates
from pir_mm.functional.cascade import CandidateReader, filter_both, merged
from pir_mm.functional.score_tiles import inner_products
from pir_mm.registry import MODELS

IMAGES, TEXTS, DISTINCT = 1093, 5465, 3330
"""The test set of RSICD: its images, its captions, and how many of these differ."""
LENGTHS = (9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 16, 17, 20)
"""Tokens of captions, as :mod:`pir_mm.apis.benchmarking.model_cases` has them."""
WIDTH, K = 512, 128


def filter_all(
    images: int = IMAGES,
    texts: int = TEXTS,
    distinct: int = DISTINCT,
    width: int = 768,
    share: float = 0.01,
) -> Contest:
    """Ranks and candidates of both directions by the perceptron over all pairs.

    Args:
        images, texts: of the test set.
        distinct: texts that differ; the others are copies.
        width: of the vectors of images and of texts.
        share: of the images whose pairs the alternative scores.
    """
    torch.manual_seed(0)
    classifier = MODELS.build(
        dict(type='pir_mm.PairClassifier', image_dim=width, text_dim=width)
    ).eval()
    image, text = torch.randn(images, width), torch.randn(distinct, width)
    text_id = torch.arange(texts) % distinct
    owner = torch.arange(texts) % images
    some = max(1, round(share * images))

    @torch.no_grad()
    def ours() -> Tensor:
        rows = classifier.image_rows(image), classifier.text_rows(text)[text_id]
        of_images, _ = filter_both(*rows, owner, min(K, images), compare=classifier.compare)
        return of_images.candidates

    def equal(candidates: tuple, scores: Tensor) -> bool:
        order = scores.argsort(dim=1, descending=True, stable=True)[:, : candidates.ids.size(1)]
        fault = (candidates.scores[:some] - scores.gather(1, order)).abs().max()
        return bool(fault <= 1e-4 * scores.abs().max())

    return Contest(
        ours,
        lambda: scores_pair_by_pair(classifier, image[:some], text[text_id]),
        equal,
        f'the network on each pair, of {some} of {images} images, scaled up',
        'scores of the candidates, 0.0001 of the largest score',
        some / images,
    )


def cascade(
    direction: str,
    images: int = IMAGES,
    texts: int = TEXTS,
    distinct: int = DISTINCT,
    queries: int = 1,
    model: dict | None = None,
) -> Contest:
    """A few queries: the inner product ranks, the small fusion model reads the first 128 again.

    Args:
        direction: ``'i2t'`` or ``'t2i'``.
        images, texts, distinct: as in :func:`filter_all`.
        queries: how many.
        model: config of the fusion model; by default the small one, with random weights.
    """
    fusion, states, text_id = _fusion(model), KeptStates(), torch.arange(texts) % distinct
    _keep_random_states(states, fusion, images, distinct)
    random = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, WIDTH, generator=random) for n in (images, distinct))
    rows = (image, text[text_id])
    query, gallery = rows if direction == 'i2t' else rows[::-1]
    every, asked = torch.arange(len(gallery)), torch.arange(queries)

    def pair(own: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        """The image and the text of queries and their items."""
        if direction == 'i2t':
            return own, text_id[others]
        return others, text_id[own]

    def score(own: Tensor, others: Tensor) -> Tensor:
        """Scores of queries with their items ``(Q, k)``, each distinct pair once."""
        asked = torch.stack(pair(own.repeat_interleave(others.size(1)), others.flatten()))
        pairs, place = asked.unique(dim=1, return_inverse=True)
        return states.scores(fusion, *pairs)[place].view(others.shape)

    def ours() -> tuple:
        reader = CandidateReader(queries, len(gallery), K, gallery)
        reader.add(inner_products(query[:queries], gallery), asked, every)
        candidates = reader.candidates()
        return merged(candidates, score(asked, candidates.ids))

    def alternative() -> Tensor:
        everything = pair(asked.repeat_interleave(len(gallery)), every.repeat(queries))
        return states.scores(fusion, *everything).view(queries, -1)

    def equal(found: tuple, scores: Tensor) -> bool:
        fault = (found.scores - scores.gather(1, found.ids)).abs().amax(dim=1)
        return bool((fault <= 0.05 * scores.std(dim=1)).all())

    return Contest(
        ours, alternative, equal, f'the same fusion model on all {len(gallery)} pairs of a query',
        'scores of what was read again, a twentieth of their deviation',
    )  # fmt: skip


def _fusion(config: dict | None) -> nn.Module:
    if config is None:
        path = model_index_file().parent / 'configs' / 'mtgfe' / 'mtgfe_lite_rsicd.py'
        config = copy.deepcopy(load_config(path).model)
        for part in ('image_encoder', 'text_encoder', 'fusion_encoder'):
            config[part].init = 'random'
        config.losses = dict(itm=dict(type='pir_mm.MatchingLoss'))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('pir_mm'):
        return MODELS.build(config).eval()


def _keep_random_states(states: KeptStates, fusion: nn.Module, images: int, texts: int) -> None:
    random = torch.Generator().manual_seed(1)
    encoder, tokens = fusion.fusion_encoder, 1 + 49
    for number in range(images):
        own, common = (torch.randn(n, encoder.image_dim, generator=random) for n in (tokens, 1))
        states.keep_image(number, own + common)  # so that an average over tokens tells images apart
    for number in range(texts):
        length = LENGTHS[number % len(LENGTHS)]
        states.keep_text(number, torch.randn(length, encoder.dim, generator=random))
