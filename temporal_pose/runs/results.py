"""The schema of a run's results: what ``metrics.json`` holds, and how it is read back.

Everything is checked, for the file may be damaged or a stranger's, and what is wrong comes out as
one line. `predictions` has the schema of the other file of results.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from temporal_pose.errors import RunFolderError
from temporal_pose.files.documents import read_json
from temporal_pose.files.escaping import one_line

#: File names. The second kind of predictions is of the video that was held out of all three sides.
METRICS, PREDICTIONS, HOLDOUT_PREDICTIONS = "metrics.json", "predictions.npz", "holdout.npz"

#: Scores, after the name of their side: pixels are heatmap pixels.
ERROR, JITTER, LAG, LOSS = "error_px", "accel_error_px", "lag_frames", "loss"

#: Those of crops alone: within half a head, and within 5 % of the crop's side.
HEAD_PCK, CROP_PCK = "pckh@0.5", "crop@0.05"

#: COCO's average precision and recall, and the mean similarity that both are of.
PRECISION, RECALL, SIMILARITY = "ap", "ar", "oks"

#: What else describes a run.
TORSO, PARAMETERS, EPOCHS, BEST_EPOCH = "torso_px", "parameters", "epochs", "best_epoch"
SECONDS = "seconds"

#: What stands beside numbers: where they are from.
SEED, GIT, CONFIG_HASH = "seed", "git", "config_hash"

#: The beginnings of names: how many windows or people a side has, and what a search found.
WINDOWS, PEOPLE, SETTING = "windows_", "people_", "setting/"


class Side(NamedTuple):
    """Which videos a score is of, as the beginnings of its names.

    Args:
        refined: before the score of the model's output.
        raw: before the score of its input, the identity function.
    """

    refined: str
    raw: str

    def named(self, *scores: str) -> tuple[str, ...]:
        """Scores of the model's output, as ``metrics.json`` and event files have them."""
        return tuple(f"{self.refined}{score}" for score in scores)


TEST = Side("test/", "identity/")
VALIDATION = Side("val/", "val/identity/")
HOLDOUT = Side("holdout/", "holdout/identity/")

#: What a detector's scores may be of besides: crops as they are, without their mirror images; the
#: best pose that knows nothing of the image; and, in validation, a network that emits nothing.
UNFLIPPED, CONSTANT, NO_ANSWER = "unflipped/", "constant/", "val/nothing/"

#: Curves of training alone.
TRAINING_LOSS, LEARNING_RATE = f"train/{LOSS}", "learning_rate"

_PREFIXES = sorted({prefix for side in (TEST, VALIDATION, HOLDOUT) for prefix in side}, key=len)

#: Larger numbers are nobody's results.
_LARGEST, _MOST_NUMBERS, _MOST_THRESHOLDS = 1e15, 10_000, 10


class Pck(NamedTuple):
    """A score of correct keypoints, from 0 to 1.

    Args:
        share: of the torso diameter, within which a keypoint counts as correct.
        group: of keypoints; empty for all of them.
    """

    share: float
    group: str = ""

    @property
    def name(self) -> str:
        """As in ``metrics.json``, after the side: ``pck@0.05`` or ``pck@0.05/nose``."""
        return f"pck@{self.share:g}" + (f"/{self.group}" if self.group else "")

    @classmethod
    def of(cls, name: str) -> "Pck | None":
        """The score of a name; None where the name is another score's.

        Raises:
            ValueError: it begins like one, but names no share.
        """
        if not name.startswith("pck@"):
            return None
        share, _, group = name.removeprefix("pck@").partition("/")
        found = cls(_number(share), group)
        if not 0 < found.share < math.inf or found.name != name:
            raise ValueError(
                f"{one_line(name, 40)} names no share of the torso; expected one as in pck@0.05"
            )
        return found


#: The scores of all keypoints, strictest first.
STRICT_PCK, MIDDLE_PCK, LOOSE_PCK = PCKS = tuple(Pck(share).name for share in (0.05, 0.1, 0.2))

#: Scores in validation: the loss, which a training lowers, and what epochs may be chosen by.
(VALIDATION_LOSS,) = VALIDATION.named(LOSS)
MONITORED = VALIDATION.named(*PCKS)


@dataclass(frozen=True)
class Metrics:
    """What a finished run came to.

    Args:
        scores: by name, sides included; None where the data had nothing to measure it by.
        seed: None where the file does not say.
        git: the commit it was made with, with a plus sign if the code was changed since.
        config_hash: of the settings that determine the result.
    """

    scores: Mapping[str, float | None]
    seed: int | None = None
    git: str = ""
    config_hash: str = ""


def of_fitting(epochs: int, best_epoch: int, parameters: int, seconds: float) -> dict[str, float]:
    """What stands beside the scores of whatever was trained.

    Args:
        best_epoch: counted from 1; 0 where nothing was trained.
        seconds: spent on fitting.
    """
    return {
        EPOCHS: epochs,
        BEST_EPOCH: best_epoch,
        PARAMETERS: parameters,
        SECONDS: round(seconds, 3),
    }


def origin(seed: int, git: str, config_hash: str) -> dict[str, int | str]:
    """Where the numbers of ``metrics.json`` are from; see `Metrics`."""
    return {SEED: seed, GIT: git, CONFIG_HASH: config_hash}


def described(
    torso: float,
    windows: Mapping[str, int],
    fitting: Mapping[str, float],
    settings: Mapping[str, float],
) -> dict[str, float]:
    """What stands beside the scores in ``metrics.json``.

    Args:
        torso: mean torso diameter, heatmap pixels.
        windows: how many, by side.
        fitting: see `of_fitting`.
        settings: what a search found.
    """
    return {
        TORSO: torso,
        **{f"{WINDOWS}{side}": number for side, number in windows.items()},
        **fitting,
        **{f"{SETTING}{name}": value for name, value in settings.items()},
    }


def read_metrics(file: Path) -> Metrics:
    """The results of a finished run.

    Raises:
        RunFolderError: the file is unreadable, damaged, or holds what cannot be a result.
    """
    try:
        content = read_json(file)
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object")
        scores = {name: _score(name, value) for name, value in content.items() if _counts(value)}
        _check_scores(content)
        seed = content.get(SEED)
        if seed is not None and not (type(seed) is int and 0 <= seed < 2**32):
            raise ValueError(f"{SEED} is {_shown(seed)}; expected a whole number below 2^32")
    except (OSError, ValueError) as error:
        raise damaged(file, error) from None
    scores.pop(SEED, None)
    words = (str(content.get(name, "")) for name in (GIT, CONFIG_HASH))
    return Metrics(scores, seed, *words)


def _check_scores(content: Mapping[str, Any]) -> None:
    """Text in the place of a score, a file without any, and one with more than any run has."""
    for name, value in content.items():
        if _bare(name) is not None and not _counts(value):
            raise ValueError(f"{one_line(name, 40)} is {_shown(value)}; expected a number")
    bare = [name.removeprefix(TEST.refined) for name in content if name.startswith(TEST.refined)]
    overall = [name for name in bare if name.startswith("pck@") and "/" not in name]
    if not 0 < len(overall) <= _MOST_THRESHOLDS or len(content) > _MOST_NUMBERS:
        raise ValueError(
            f"it holds {len(overall)} test/pck@... of {len(content)} numbers; expected 1 to "
            f"{_MOST_THRESHOLDS} of at most {_MOST_NUMBERS}"
        )


def _score(name: str, value: float | None) -> float | None:
    """A number that the name may have; what is not a number could not be measured."""
    bare = _bare(name)
    share = Pck.of(bare) is not None if bare is not None else False
    if value is None or value != value:
        return None
    least, most, words = -_LARGEST, _LARGEST, "a number"
    if share:
        least, most, words = 0, 1, "a number from 0 to 1"
    elif bare in (ERROR, JITTER) or name in (TORSO, PARAMETERS, EPOCHS):
        least, words = 0, "0 or a positive number"
    if not least <= value <= most:
        raise ValueError(f"{one_line(name, 40)} is {_shown(value)}; expected {words}")
    return float(value)


def _bare(name: str) -> str | None:
    """A score's name without its side; None for what is no score."""
    sides = [prefix for prefix in _PREFIXES if name.startswith(prefix)]
    return name.removeprefix(sides[-1]) if sides else None


def _counts(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _shown(value: Any) -> str:
    return one_line(repr(value), 40)


def damaged(file: Path, error: BaseException) -> RunFolderError:
    """The error that names a file of a run and says what is wrong with it."""
    reason = one_line(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200)
    return RunFolderError(
        f"{file} is unreadable or damaged: {reason}; delete its folder and repeat the run"
    )
