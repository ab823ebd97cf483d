"""How a detector errs, in numbers: a row for each group of keypoints, as YAML holds them."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from jaxtyping import Float
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: Probabilities of the quantiles by which a profile tells its scores.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: An error beyond this share of the pose's side is an outlier.
OUTLIER = 0.1


class Profile(NamedTuple):
    """How a detector errs at one group of keypoints.

    Lengths are shares of the pose's side, the longer side of the tight box around its visible
    true keypoints. Time constants are those of smooth processes
    (:func:`temporal_pose.pose.processes.smooth`); 0 stands for independent frames. Rates are shares of all frames.

    Args:
        white: standard deviation an axis of what differs from frame to frame, at any score.
        slow: standard deviation an axis of what lasts for some frames, at the median score.
        bias: standard deviation an axis of what outlasts a window, at the median score.
        slow_s: time constant of ``slow``, seconds; that of ``bias`` is
            :data:`temporal_pose.pose.correlations.BIAS_S`.
        trust: slow part and bias fall by the factor ``exp(-trust)`` as the score rises by 1.
        score_05, score_25, score_50, score_75, score_95: quantiles of the score.
        score_s: time constant of the score, seconds.
        outliers: rate of errors beyond `OUTLIER`, swaps aside.
        jump: by how much they go beyond it in the mean.
        other: share of outliers that land on the other side's keypoint.
        outlier_s: time constant behind outliers, seconds.
        doubt: correlation of what brings outliers and swaps with a low score, 0 to below 1.
        swaps: rate of left and right being exchanged.
        swap_s: time constant behind swaps, seconds.
        misses: rate of keypoints that are not detected.
        miss_s: time constant behind misses, seconds.
    """

    white: float
    slow: float
    bias: float
    slow_s: float
    trust: float
    score_05: float
    score_25: float
    score_50: float
    score_75: float
    score_95: float
    score_s: float
    outliers: float
    jump: float
    other: float
    outlier_s: float
    doubt: float
    swaps: float
    swap_s: float
    misses: float
    miss_s: float

    @property
    def scores(self) -> tuple[float, ...]:
        """Quantiles of the score at the probabilities `QUANTILES`."""
        return self[Profile._fields.index("score_05") : Profile._fields.index("score_s")]


#: What a fit says: a profile for each group of keypoints, or the group whose profile is borrowed.
Fit = Mapping[str, Profile | str]

_RATES = ("outliers", "swaps", "misses", "doubt")


def parse(content: Any, where: str, skeleton: Skeleton = CLIMBALONG25) -> dict[str, Profile | str]:
    """A fit from plain data: ``columns``, and for each group a row, or the name of another group.

    Args:
        where: what to call it in messages.

    Raises:
        ConfigError: columns or groups that are missing or unknown, or values out of range.
    """
    if not isinstance(content, Mapping) or content.get("columns") != list(Profile._fields):
        raise ConfigError(
            f"{where} holds no table with the columns {', '.join(Profile._fields)}; make one "
            "with python -m temporal_pose.fit_noise data=paired data.root=DIR out=FILE.yaml"
        )
    rows = {str(name): row for name, row in content.items() if name != "columns"}
    odd = sorted(set(rows) ^ set(skeleton.groups))
    if odd:
        problem = "missing" if odd[0] in skeleton.groups else "unknown"
        raise ConfigError(
            f"{where}: '{odd[0]}' is {problem}; expected {', '.join(skeleton.groups)}"
        )
    return {name: _row(rows, name, where) for name in skeleton.groups}


def _row(rows: Mapping[str, Any], name: str, where: str) -> Profile | str:
    row = rows[name]
    if isinstance(row, str):
        if not isinstance(rows.get(row), list):
            raise ConfigError(f"{where}: '{name}' borrows from '{row}', which has no row")
        return row
    if not isinstance(row, list) or len(row) != len(Profile._fields) or not _numbers(row):
        raise ConfigError(
            f"{where}: '{name}' is {row}; expected {len(Profile._fields)} numbers, or the name of "
            "the group it borrows from"
        )
    profile = Profile(*map(float, row))
    _check(profile, f"{where}: {name}")
    return profile


def _numbers(row: list[Any]) -> bool:
    return all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in row
    )


def _check(profile: Profile, where: str) -> None:
    free = ("trust", *(name for name in Profile._fields if name.startswith("score_")))
    for name, value in profile._asdict().items():
        if value < 0 and (name not in free or name == "score_s"):
            raise ConfigError(f"{where}.{name} is {value}; expected 0 or more")
        if value >= 1 and name in _RATES:
            raise ConfigError(f"{where}.{name} is {value}; expected less than 1")
    if profile.other > 1:
        raise ConfigError(f"{where}.other is {profile.other}; expected at most 1")
    if list(profile.scores) != sorted(profile.scores):
        raise ConfigError(f"{where}: its scores are {profile.scores}; expected them to increase")


def read(path: str | Path) -> dict[str, Profile | str]:
    """The fit in a YAML file.

    Raises:
        ConfigError: no such file, no YAML, or no fit.
    """
    try:
        content = yaml.safe_load(Path(path).expanduser().read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no YAML"
        raise ConfigError(f"noise.fit={path} cannot be read: {reason}") from error
    return parse(content, str(path))


def write(fit: Fit) -> str:
    """A fit as YAML, a line a group, columns below each other."""
    rows = {name: row for name, row in fit.items() if not isinstance(row, str)}
    shown = {name: [_short(value) for value in row] for name, row in rows.items()}
    widths = [
        max([len(column), *(len(row[i]) for row in shown.values())])
        for i, column in enumerate(Profile._fields)
    ]
    stub = 2 + max(len(name) for name in (*fit, "columns"))
    lines = {"columns": _line(Profile._fields, widths)}
    lines |= {name: _line(row, widths) for name, row in shown.items()}
    lines |= {name: row for name, row in fit.items() if isinstance(row, str)}
    return "".join(f"{f'{name}:':<{stub}}{line}\n" for name, line in lines.items())


def _line(cells: tuple[str, ...] | list[str], widths: list[int]) -> str:
    return f"[{', '.join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))}]"


def _short(value: float) -> str:
    """Three digits, never with an exponent, which YAML might not take for a number."""
    if abs(value) < 1e-4:
        return "0"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def whole(fit: Fit) -> dict[str, Profile]:
    """The profile of every group, borrowed ones included."""
    profiles = {name: fit[row] if isinstance(row, str) else row for name, row in fit.items()}
    return {name: row for name, row in profiles.items() if isinstance(row, Profile)}


def table(fit: Fit, skeleton: Skeleton = CLIMBALONG25) -> Float[Tensor, "K columns"]:
    """A row for each keypoint, double precision."""
    profiles = whole(fit)
    group_of = {i: name for name, members in skeleton.groups.items() for i in members}
    rows = [profiles[group_of[i]] for i in range(len(skeleton))]
    return torch.tensor(rows, dtype=torch.float64)
