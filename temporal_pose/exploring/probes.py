"""Linear probes: what can be read off a latent space by a plane (Alain and Bengio, 2016)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

_HELD_OUT = 0.3  # share of the groups
_LEAST = 40  # samples below which nothing is said
_MOST = 200  # components that a probe sees

#: What is probed where a sample has it: the name of the column, and its unit.
PROBED = {
    "torso_angle": "degrees",
    "visible": "keypoints",
    "torso_length": "share of the crop",
}


@dataclass(frozen=True)
class Probe:
    """How well a column can be read.

    Args:
        column: its name.
        unit: of the errors.
        error: mean absolute error on samples of held-out groups.
        constant: the same of the best constant, found where the probe was fitted.
        samples: held out.
        remark: why there is no number; empty where there is.
    """

    column: str
    unit: str
    error: float = float("nan")
    constant: float = float("nan")
    samples: int = 0
    remark: str = ""


def probes(
    scores: Float[np.ndarray, "N C"],
    columns: Mapping[str, Float[np.ndarray, " N"]],
    groups: Sequence[str],
    seed: int,
) -> list[Probe]:
    """Ridge regression of columns on the first components, scored on held-out groups.

    The components themselves were found on all samples, without any column. An angle is read as
    sine and cosine, so that its error never exceeds 180 degrees.

    Args:
        scores: along components.
        groups: of each sample; a group is held out whole or not at all.
    """
    held = held_out(groups, seed)
    return [
        _probe(scores[:, :_MOST], np.asarray(columns[name], float), held, name, unit)
        for name, unit in PROBED.items()
        if name in columns
    ]


def held_out(groups: Sequence[str], seed: int) -> Bool[np.ndarray, " N"]:
    """Which samples are of the groups that are held out."""
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    chosen = np.random.default_rng(seed).permutation(len(names))
    return np.isin(of, chosen[: round(_HELD_OUT * len(names))])


def _probe(
    scores: Float[np.ndarray, "N C"],
    values: Float[np.ndarray, " N"],
    held: Bool[np.ndarray, " N"],
    name: str,
    unit: str,
) -> Probe:
    known = np.isfinite(values)
    fit, test = known & ~held, known & held
    if min(int(fit.sum()), int(test.sum())) < _LEAST:
        return Probe(name, unit, remark=f"known of {int(known.sum())} samples, which are too few")
    if np.ptp(values[known]) == 0:
        return Probe(name, unit, remark="the same for every sample")
    read = _angles if unit == "degrees" else _numbers
    error, constant = read(scores[fit], values[fit], scores[test], values[test])
    return Probe(name, unit, error, constant, int(test.sum()))


Pair = tuple[float, float]


def _numbers(x: np.ndarray, y: np.ndarray, held_x: np.ndarray, held_y: np.ndarray) -> Pair:
    """Mean absolute errors of the probe and of the median."""
    predicted = _ridge(x, y)(held_x)
    return float(np.abs(predicted - held_y).mean()), float(np.abs(np.median(y) - held_y).mean())


def _angles(x: np.ndarray, y: np.ndarray, held_x: np.ndarray, held_y: np.ndarray) -> Pair:
    """Mean absolute errors of the probe and of the mean direction, degrees."""
    circle = np.stack([np.sin(np.radians(y)), np.cos(np.radians(y))], -1)
    predicted, mean = _ridge(x, circle)(held_x), circle.mean(0)
    guesses = (np.degrees(np.arctan2(p[..., 0], p[..., 1])) for p in (predicted, mean))
    probe, constant = (float(np.abs((g - held_y + 180) % 360 - 180).mean()) for g in guesses)
    return probe, constant


def _ridge(x: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The strength of the penalty is chosen by leaving each sample out in turn."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    made = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13)))
    return made.fit(x.astype(float), y).predict
