"""How a detector errs, in numbers: a row for each group of keypoints, as YAML holds them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from temporal_pose.errors import ConfigError
from temporal_pose.files.documents import UnreadableError, read_yaml
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

#: Probabilities of the quantiles by which a profile tells its scores.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_LARGEST = 1e6  # of the numbers of a fit; NaN is no less than it

#: An error beyond this share of the pose's side is an outlier.
OUTLIER = 0.1


class Profile(NamedTuple):
    """How a detector errs at one group of keypoints.

    Lengths are shares of the pose's side, the longer side of the tight box around its visible
    true keypoints. Time constants are those of :func:`temporal_pose.inputs.processes.smooth`; 0
    stands for independent frames. Rates are shares of all frames.

    Args:
        white: standard deviation an axis of what differs from frame to frame, at any score.
        slow: standard deviation an axis of what lasts for some frames, at the median score.
        bias: standard deviation an axis of what outlasts a window, at the median score.
        slow_s: time constant of ``slow``, seconds; that of ``bias`` is
            :data:`temporal_pose.inputs.fit.correlations.BIAS_S`.
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

_NAMES = Profile._fields
_RATES = ("outliers", "swaps", "misses", "doubt")

#: What stands beside the numbers in a file.
_REMARKS = {
    "white": "spread from frame to frame",
    "slow": "of what lasts, at the median score",
    "bias": "of what outlasts a window",
    "slow_s": "seconds",
    "trust": "slow, bias: e^-trust at score + 1",
    "score_05": "quantiles of the score",
    "score_s": "seconds",
    "outliers": "rate of jumps",
    "jump": "mean length beyond 0.1",
    "other": "share onto the other side",
    "outlier_s": "seconds",
    "doubt": "correlation with low scores",
    "swaps": "rate of left for right",
    "swap_s": "seconds",
    "misses": "rate of none detected",
    "miss_s": "seconds",
}


def parse(content: Any, where: str, skeleton: Skeleton = CLIMBALONG25) -> dict[str, Profile | str]:
    """A fit from plain data.

    Args:
        content: ``groups``, a list of names; for each number of a `Profile` a list, one value a
            group; and ``borrowed``, for each other group the one whose profile it borrows.
        where: what to call it in messages.

    Raises:
        ConfigError: numbers or groups that are missing or unknown, or values out of range.
    """
    if not isinstance(content, Mapping) or set(content) != {"groups", "borrowed", *_NAMES}:
        raise ConfigError(
            f"{where} holds no fit, which has groups, {', '.join(_NAMES)} and borrowed; make one "
            "with python -m temporal_pose.fit_noise data=paired data.root=DIR out=FILE.yaml"
        )
    groups, borrowed = content["groups"], content["borrowed"]
    if not isinstance(groups, list) or not isinstance(borrowed, Mapping):
        raise ConfigError(f"{where}: expected groups to be a list and borrowed a mapping")
    _check_groups([*groups, *borrowed], skeleton, where)
    for name in _NAMES:
        _check_row(content[name], len(groups), f"{where}.{name}")
    rows = zip(*(map(float, content[name]) for name in _NAMES), strict=True)
    own = {group: Profile(*row) for group, row in zip(groups, rows, strict=True)}
    for group, profile in own.items():
        _check(profile, where, group)
    for group, source in borrowed.items():
        if not isinstance(source, str) or source not in own:
            raise ConfigError(f"{where}: {group} borrows from '{source}', which has no numbers")
    return {group: own.get(group) or str(borrowed[group]) for group in skeleton.groups}


def _check_groups(named: list[Any], skeleton: Skeleton, where: str) -> None:
    for odd in (group for group in named if not isinstance(group, str)):
        raise ConfigError(f"{where}: {odd!r} is no name of a group")
    for group in (*skeleton.groups, *named):
        if group not in skeleton.groups or named.count(group) != 1:
            problem = "unknown" if group not in skeleton.groups else "missing"
            raise ConfigError(
                f"{where}: '{group}' is {'there twice' if named.count(group) > 1 else problem}; "
                f"expected {', '.join(skeleton.groups)}, each once in groups or in borrowed"
            )


def _check_row(row: Any, length: int, where: str) -> None:
    good = isinstance(row, list) and len(row) == length
    if not good or not all(type(v) in (int, float) and abs(v) < _LARGEST for v in row):
        raise ConfigError(f"{where} is {row}; expected {length} numbers, one a group")


def _check(profile: Profile, where: str, group: str) -> None:
    free = {"trust", *(name for name in _NAMES if name.startswith("score_"))} - {"score_s"}
    for name, value in profile._asdict().items():
        if value < 0 and name not in free:
            raise ConfigError(f"{where}.{name} is {value} for {group}; expected 0 or more")
        if value >= 1 and name in _RATES:
            raise ConfigError(f"{where}.{name} is {value} for {group}; expected less than 1")
    if profile.other > 1:
        raise ConfigError(f"{where}.other is {profile.other} for {group}; expected at most 1")
    if list(profile.scores) != sorted(profile.scores):
        raise ConfigError(f"{where}: the scores of {group} do not increase: {profile.scores}")


def read(path: str | Path) -> dict[str, Profile | str]:
    """The fit in a YAML file.

    Raises:
        ConfigError: no such file, no YAML, or no fit.
    """
    try:
        content = read_yaml(Path(path).expanduser())
    except (OSError, UnreadableError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no YAML ({error})"
        raise ConfigError(f"input.fit={path} cannot be read: {reason}") from error
    return parse(content, str(path))


def write(fit: Fit) -> str:
    """A fit as YAML, a line a number, groups below each other."""
    own = {name: row for name, row in fit.items() if not isinstance(row, str)}
    cells = {"groups": list(own)}
    cells |= {
        name: [_short(value) for value in column]
        for name, column in zip(_NAMES, zip(*own.values(), strict=True), strict=True)
    }
    widths = [max(map(len, column)) for column in zip(*cells.values(), strict=True)]
    lines = [_line(name, row, widths) for name, row in cells.items()]
    borrowed = [f"{name}: {row}" for name, row in fit.items() if isinstance(row, str)]
    return "".join([*lines, f"borrowed: {{{', '.join(borrowed)}}}\n"])


def _line(name: str, row: list[str], widths: list[int]) -> str:
    values = ", ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    remark = f"  # {_REMARKS[name]}" if name in _REMARKS else ""
    return f"{name + ':':<10} [{values}]{remark}\n"


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
