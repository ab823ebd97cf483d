"""Dividing a data set into training, validation and test, without a leak."""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from temporal_pose.data.windows import Windows
from temporal_pose.errors import ConfigError, DataError

#: The sides of a split, in this order throughout.
SIDES = ("train", "val", "test")

#: What lies outside all three, and its number.
HOLDOUT, HOLDOUT_NUMBER = "holdout", len(SIDES)


def assign(labels: Sequence[str], fractions: Sequence[float], seed: int) -> Mapping[str, int]:
    """A side for each distinct label, at random: every side gets at least one.

    Args:
        labels: what must not be divided, for example the video of each window.
        fractions: share of the labels for training, validation and test.
        seed: of the draw; nothing else influences it but the labels.

    Raises:
        ConfigError: fractions that are not three positive numbers with sum 1.
        DataError: fewer than three labels.
    """
    given = list(fractions) if isinstance(fractions, Sequence) else [fractions]
    shares = [share for share in given if isinstance(share, int | float) and share > 0]
    if len(given) != 3 or len(shares) != 3 or not abs(sum(shares) - 1) <= 1e-6:
        raise ConfigError(f"data.fractions is {given}; expected three positive numbers with sum 1")
    names = sorted(set(labels))
    if len(names) < 3:
        raise DataError(
            f"there are {len(names)} videos or groups of videos to split; expected at least 3, "
            "one each for training, validation and test"
        )
    counts = [max(1, round(fraction * len(names))) for fraction in fractions[1:]]
    while sum(counts) >= len(names):
        counts[int(np.argmax(counts))] -= 1
    order = np.random.default_rng(seed).permutation(len(names))
    sides = np.repeat([1, 2, 0], [*counts, len(names) - sum(counts)])
    return {names[i]: int(side) for i, side in zip(order, sides, strict=True)}


def assign_fold(labels: Sequence[str], folds: int, fold: int, seed: int) -> Mapping[str, int]:
    """A side for each distinct label in one turn of a cross-validation.

    In n turns every label is in the test once, and in validation once.

    Args:
        labels: what must not be divided, for example the group of each window.
        folds: n, turns.
        fold: which turn, from 1.
        seed: of the order in which labels are dealt out; the same for all turns.

    Raises:
        DataError: fewer labels than turns.
    """
    names = sorted(set(labels))
    if len(names) < folds:
        raise DataError(
            f"data.folds is {folds}, and there are {len(names)} videos or groups of videos; "
            "expected at most as many folds"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    turns = np.empty(len(names), int)
    turns[order] = np.arange(len(names)) % folds
    sides = {fold - 1: 2, fold % folds: 1}
    return {name: sides.get(int(turn), 0) for name, turn in zip(names, turns, strict=True)}


def assign_named(labels: Sequence[str], named: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """The sides that the user named, for every label.

    Args:
        labels: the labels there are.
        named: for each of train, val and test, its labels.

    Raises:
        DataError: a side is missing or empty, a label is unknown, on no side, or on two.
    """
    if set(named) != set(SIDES) or not all(named[side] for side in SIDES):
        raise DataError(
            f"data.split names the sides {', '.join(named) or 'none'}; expected train, val and "
            "test, each with at least one video or group"
        )
    sides: dict[str, int] = {}
    for number, side in enumerate(SIDES):
        for label in map(str, named[side]):
            if sides.setdefault(label, number) != number:
                first = SIDES[sides[label]]
                raise DataError(
                    f"data.split puts '{label}' into both {first} and {side}; a video or group "
                    "must be on one side only, or the test would be on data seen in training"
                )
    _same_labels(set(sides), set(labels))
    return sides


def _same_labels(named: set[str], there: set[str]) -> None:
    for what, odd in (("unknown", named - there), ("on no side of the split", there - named)):
        if odd:
            raise DataError(
                f"data.split: '{min(odd)}' is {what} ({len(odd)} in all); there are "
                f"{len(there)} videos or groups, such as {', '.join(sorted(there)[:3])}"
            )


def check_disjoint(frames: Mapping[str, Int[np.ndarray, "N T"]]) -> None:
    """Makes sure that no frame is on two sides, and that evaluation windows share none.

    Args:
        frames: for each side, the frames of its windows.

    Raises:
        DataError: a frame is on two sides, or twice in the validation or test set.
    """
    seen: dict[str, Int[np.ndarray, " n"]] = {}
    for side, index in frames.items():
        unique, counts = np.unique(index, return_counts=True)
        if side != "train" and (counts > 1).any():
            raise DataError(f"two windows of the {side} set share a frame; use data.stride=null")
        for other, others in seen.items():
            if np.intersect1d(unique, others).size:
                raise DataError(
                    f"windows of the {other} and {side} sets share a frame: a leak; use "
                    "data.split=video, or data.stride=null so that windows do not overlap"
                )
        seen[side] = unique


def alternate(labels: Sequence[str], fractions: Sequence[float]) -> list[int]:
    """Sides as the finished thesis has them in finetuning: the last videos are for training.

    The windows of the first ones go to the test and to validation in turn. *Neighbours in one
    video are on both of these sides*, so the test is closer to what the best epoch was chosen by
    than a new video would be.

    Args:
        labels: video of each window, in order.
        fractions: share of the windows for training, validation and test; videos stay whole, and
            each of the three gets something.

    Raises:
        DataError: fewer than two videos.
    """
    counts = Counter(labels)
    if len(counts) < 2:
        raise DataError(f"data.split=alternate needs at least 2 videos; there are {len(counts)}")
    ends = np.cumsum([*counts.values()])
    last = int((ends <= sum(fractions[1:]) * len(labels)).sum())
    first_ones = list(counts)[: min(max(last, 1), len(counts) - 1)]
    tested = [i for i, label in enumerate(labels) if label in set(first_ones)]
    sides = dict(zip(tested, itertools.cycle((2, 1)), strict=False))
    return [sides.get(i, 0) for i in range(len(labels))]


@dataclass(frozen=True)
class Split:
    """How windows are divided into training, validation and test.

    Args:
        by: 'video' keeps each group of videos (each video, where a set has no groups) on one side;
            'window' draws windows at random (thesis); 'alternate' is the finished thesis's, see
            `alternate`; a mapping names the groups of every side.
        fractions: shares of training, validation and test.
        seed: of the draw.
        holdout: a group, or a video, whose group is outside all three sides; 'longest' is the
            group of the video with the most windows.
        folds: turns of a cross-validation, in place of fractions; None for none.
        fold: which of them, from 1.
        train_only: regular expression; groups in whose names it is found are only learned from,
            and the others are divided as if these were not there.

    Raises:
        ConfigError: no regular expression; a turn that there is not; or folds of anything but
            whole videos.
    """

    by: str | Mapping[str, Sequence[str]] = "video"
    fractions: Sequence[float] = (0.6, 0.2, 0.2)
    seed: int = 0
    holdout: str | int | None = None
    folds: int | None = None
    fold: int | None = None
    train_only: str | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.train_only or "")
        except re.error as error:
            raise ConfigError(
                f"data.train_only '{self.train_only}' is no regular expression: {error}"
            ) from error
        if self.folds is None and self.fold is None:
            return
        if not (type(self.folds) is int and self.folds >= 3):  # one to learn, choose and test by
            raise ConfigError(f"data.folds is {self.folds}; expected a whole number from 3")
        if not (type(self.fold) is int and 1 <= self.fold <= self.folds):
            raise ConfigError(
                f"data.fold is {self.fold}; expected 1 to {self.folds}, or with train and "
                "finetune none for all of them"
            )
        if self.by != "video":
            raise ConfigError(
                f"data.split is '{self.by}'; expected video, of which folds are made"
            )

    def sides(self, windows: Windows, groups: Sequence[str]) -> Tensor:
        """For each window, 0 for training, 1 for validation, 2 for test, 3 for held out.

        Args:
            groups: the group of each video.
        """
        of_window = [groups[video] for video in windows.video.tolist()]
        held = None if self.holdout is None else self._held_out(windows, groups)
        learned = {group for group in set(groups) if self._only_learned_from(group)} - {held}
        rest = torch.tensor([group != held and group not in learned for group in of_window])
        sides = torch.full((len(windows),), HOLDOUT_NUMBER)
        sides[torch.tensor([group in learned for group in of_window])] = 0
        sides[rest] = self._divided(windows.select(rest), groups)
        return sides

    def _only_learned_from(self, group: str) -> bool:
        return self.train_only is not None and re.search(self.train_only, group) is not None

    def _held_out(self, windows: Windows, groups: Sequence[str]) -> str:
        """The group that is held out."""
        named = str(self.holdout)
        if named == "longest":
            return groups[int(windows.video.bincount().argmax())]
        groups_of = dict(zip(windows.names, groups, strict=True)) | {name: name for name in groups}
        if named not in groups_of:
            raise DataError(
                f"data.holdout is '{named}'; expected longest, or one of {len(groups_of)} videos "
                f"and groups, such as {', '.join(sorted(groups_of)[:3])}"
            )
        return groups_of[named]

    def _divided(self, windows: Windows, groups: Sequence[str]) -> Tensor:
        of_window = [groups[video] for video in windows.video.tolist()]
        if self.folds is not None and self.fold is not None:
            chosen = assign_fold(of_window, self.folds, self.fold, self.seed)
        elif isinstance(self.by, Mapping):
            chosen = assign_named(of_window, self.by)
        elif self.by == "window":
            of_window = [f"{first:012d}" for first in windows.index[:, 0].tolist()]
            chosen = assign(of_window, self.fractions, self.seed)
        elif self.by == "video":
            chosen = assign(of_window, self.fractions, self.seed)
        elif self.by == "alternate":
            return torch.tensor(alternate(of_window, self.fractions))
        else:
            raise ConfigError(
                f"data.split is '{self.by}'; expected video, window, alternate, or the names of "
                "each side as {train: [...], val: [...], test: [...]}"
            )
        return torch.tensor([chosen[label] for label in of_window])
