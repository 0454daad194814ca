"""Points on a plane that keep their neighbours."""

import numpy as np

try:
    from sklearn.manifold import TSNE
except ImportError as error:
    raise ImportError(
        f'a map of embeddings needs scikit-learn ({error}): pip install "scikit-learn>=1.5"'
    ) from None


def tsne(vectors: np.ndarray, perplexity: float = 30, seed: int = 0) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton, JMLR 2008), begun at the principal components.

    The same vectors and seed give the same map on one machine; neither the distance between two
    clusters nor their size on the map means anything.

    Args:
        vectors: ``(N, D)``, compared by their Euclidean distance, which for unit vectors orders
            as the cosine does.
        perplexity: neighbours that count, about; lowered to a third of a small set.
        seed: of the optimisation.

    Returns:
        ``(N, 2)`` float32.

    Raises:
        ValueError: if there are fewer than four vectors, or one is not finite.
    """
    if len(vectors) < 4:
        raise ValueError(f'a map needs at least four points, got {len(vectors)}')
    if not np.isfinite(vectors).all():
        raise ValueError('an embedding is not finite: mend the model')
    perplexity = min(perplexity, (len(vectors) - 1) / 3)
    plan = TSNE(perplexity=perplexity, init='pca', learning_rate='auto', random_state=seed)
    return plan.fit_transform(vectors)
