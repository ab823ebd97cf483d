"""Points and steps in the plane, many at a time.

NumPy's reductions are slow along an axis of two; these take x and y apart.
"""

import numpy as np
from jaxtyping import Bool, Float


def length(vectors: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, " *n"]:
    """Euclidean lengths, in the unit of the vectors."""
    with np.errstate(over="ignore"):  # damaged files hold numbers whose squares are infinite
        return np.asarray(np.sqrt(vectors[..., 0] ** 2 + vectors[..., 1] ** 2))


def both(flags: Bool[np.ndarray, "*n 2"]) -> Bool[np.ndarray, " *n"]:
    """Whether something holds for x and for y."""
    return np.asarray(flags[..., 0] & flags[..., 1])


def roaming(low: Float[np.ndarray, "N 2"], high: Float[np.ndarray, "N 2"]) -> float:
    """Range in which the middles of boxes move, from the 5th to the 95th percentile, pixels: how
    large a body of one or two points is, whose own extent says nothing.
    """
    least, most = np.percentile((low + high) / 2, (5, 95), axis=0)
    return float((most - least).max())


def boxes(
    points: Float[np.ndarray, "N K 2"], there: Bool[np.ndarray, "N K"]
) -> tuple[Float[np.ndarray, "N 2"], Float[np.ndarray, "N 2"]]:
    """Least and greatest x and y of each pose's points that are there; infinite of none."""
    x, y = points[..., 0], points[..., 1]
    low = [np.where(there, axis, np.inf).min(1) for axis in (x, y)]
    high = [np.where(there, axis, -np.inf).max(1) for axis in (x, y)]
    return np.stack(low, axis=-1), np.stack(high, axis=-1)
