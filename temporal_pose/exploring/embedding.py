"""A map of samples in the plane."""

import numpy as np
from jaxtyping import Float


def tsne(
    scores: Float[np.ndarray, "N C"], seed: int, perplexity: float = 30.0
) -> Float[np.ndarray, "N 2"]:
    """t-SNE (van der Maaten and Hinton, JMLR 2008): neighbours stay neighbours; distances between
    groups, and their sizes, mean nothing. Without a unit.

    Args:
        scores: along components; 50 of them are the authors' advice.
        seed: of what chance decides; the start itself is the first two components.
        perplexity: about how many neighbours a sample has; less for fewer than 91 samples.
    """
    from sklearn.manifold import TSNE

    fitting = max(1.0, min(perplexity, (len(scores) - 1) / 3))
    start = "pca" if scores.shape[1] > 1 else "random"
    made = TSNE(perplexity=fitting, init=start, random_state=seed, learning_rate="auto")
    return np.asarray(made.fit_transform(scores.astype(np.float32)), float)
