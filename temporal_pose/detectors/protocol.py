"""What a detector is: frames in, people out; a class of one's own is as good as those here."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from temporal_pose.errors import ConfigError
from temporal_pose.footage.frames import Frames
from temporal_pose.pose.skeletons import skeleton


class Person(NamedTuple):
    """What a detector saw of one person in one frame; image pixels.

    Args:
        box: x, y, width and height; of the heatmaps where there are any.
        keypoints: x and y.
        scores: how sure the detector is of each keypoint; 0 to 1.
        heatmaps: of the box, of either sign; None from a detector without any.
        place: a box about the body by which the person is found again, where ``box`` is not one.
        memory: what the detector needs to know in the next frame; None where that is nothing.
    """

    box: Float[np.ndarray, " 4"]
    keypoints: Float[np.ndarray, "K 2"]
    scores: Float[np.ndarray, " K"]
    heatmaps: Float[np.ndarray, "K h w"] | None = None
    place: Float[np.ndarray, " 4"] | None = None
    memory: Float[np.ndarray, " M"] | None = None


@runtime_checkable
class Choose(Protocol):
    """Decides, once a frame and in order, whom a detector shall look at closely.

    Attributes:
        searching: whether this frame shall be searched for people who are not followed yet.
    """

    @property
    def searching(self) -> bool: ...

    def __call__(
        self, boxes: Float[np.ndarray, "people 4"], scores: Float[np.ndarray, " people"]
    ) -> Sequence[int | None]:
        """Which of a frame's people each of the followed ones is; None for not in this frame.

        There may be more followed people than in the last frame, but never fewer.
        """
        ...

    def lost(self, followed: int) -> None:
        """Takes a choice back: nobody is there, by a closer look.

        Args:
            followed: place in the list that was given.
        """
        ...


@runtime_checkable
class Detector(Protocol):
    """Finds people in consecutive frames of a video.

    Attributes:
        skeleton: name of the keypoints' order, or a YAML file.
        heatmap_size: rows and columns of the heatmaps; None from a detector without any.
        memory_size: how many numbers a person's memory has; 0 where a frame is looked at alone.
    """

    @property
    def skeleton(self) -> str: ...

    @property
    def memory_size(self) -> int: ...

    @property
    def heatmap_size(self) -> tuple[int, int] | None: ...

    def __call__(self, images: Frames, choose: Choose) -> list[list[Person | None]]:
        """Looks at consecutive frames.

        Args:
            images: a list of frames, or one array of them.

        Returns:
            Of each frame the people in the order of ``choose``; None where one is not there.
        """
        ...

    def resume(self, memory: Sequence[Float[np.ndarray, " M"] | None]) -> None:
        """Takes the state it had after a frame.

        Args:
            memory: that of each followed person; None for one who was not there.
        """
        ...


def in_range(name: str, value: Any, least: float, most: float, whole: bool = False) -> None:
    """Makes sure that a setting is a number in a range.

    Raises:
        ConfigError: it is not.
    """
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
        what = "a whole number" if whole else "a number"
        raise ConfigError(f"{name} is {value!r}; expected {what} from {least:g} to {most:g}")


def check_skeleton(name: str, keypoints: int) -> None:
    """Makes sure that a skeleton has as many keypoints as a detector.

    Raises:
        ConfigError: it has not, or there is no such skeleton.
    """
    if len(skeleton(name)) != keypoints:
        raise ConfigError(
            f"detector.skeleton '{name}' has {len(skeleton(name))} keypoints, the detector "
            f"{keypoints}; set it to the one that the weights were trained for"
        )


def first_line(error: Exception) -> str:
    """The first line of a library's error; its kind where it says nothing."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def needs(module: str, extra: str, what: str) -> None:
    """Makes sure that an optional library is installed.

    Args:
        extra: of this package, that adds it.
        what: needs it; begins the message.

    Raises:
        ConfigError: it is not.
    """
    if find_spec(module) is None:
        raise ConfigError(
            f"{what} needs {module}, which pip install 'temporal-pose[{extra}]' adds"
        )
