"""Real detections beside their truth, and what a smoother makes of them; image pixels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.data import in_step
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.files.options import described
from temporal_pose.formats.paired.inspection import inspect
from temporal_pose.formats.paired.paired_video import PairedVideo, load
from temporal_pose.pose.sequences import PoseSequence, fingerprint
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.refining.person import DetectedPerson, person


@dataclass(frozen=True)
class JudgedVideo:
    """One file: what a detector saw, and what was so.

    Args:
        name: of the file.
        group: what it shares its motion with: nothing of a group is tuned on another of it.
        raw: the detections, as the file has them.
        seen: the same as refining takes them, what cannot be right set aside.
        visible: which keypoints have a truth and were detected.
        fingerprint: tells the video by its true poses, as a network's run does.
    """

    name: str
    group: str
    raw: Float[np.ndarray, "F K 2"]
    seen: DetectedPerson
    truth: Float[np.ndarray, "F K 2"]
    visible: Bool[np.ndarray, "F K"]
    fingerprint: str = ""

    def measured(self, poses: Float[np.ndarray, "F K 2"]) -> "Measured":
        """How far poses are from the truth; where they say nothing, the detections stand in."""
        away = np.where(np.isnan(poses), self.raw, poses) - self.truth
        errors = np.linalg.norm(away, axis=-1)
        bends = np.linalg.norm(np.diff(away, 2, axis=0), axis=-1)
        three = self.visible[2:] & self.visible[1:-1] & self.visible[:-2]
        own = [errors[there, k].mean() for k, there in enumerate(self.visible.T) if there.any()]
        mean, jitter = float(errors[self.visible].mean()), float(bends[three].mean())
        return Measured(mean, jitter, own, errors.astype(np.float32))


class Measured(NamedTuple):
    """A file's figures.

    Args:
        error: mean distance from the truth, px.
        jitter: mean length of the error's second difference, px/frame².
        keypoints: the mean distance of each keypoint that has a truth.
        errors: every distance.
    """

    error: float
    jitter: float
    keypoints: Sequence[float]
    errors: Float[np.ndarray, "F K"]


class Read(NamedTuple):
    """Files of a folder.

    Args:
        left_out: names of those whose detections and truth do not show the same moments.
    """

    videos: list[JudgedVideo]
    left_out: list[str]


def read(root: Path, group: str, step: int) -> Read:
    """The files of a folder in the paired layout, those out of step with their truth left out.

    Args:
        group: a pattern; what its first group matches in a name is what a file belongs to.
        step: every how many-th frame counts.

    Raises:
        DataError: no file, one that is damaged, or one without a truth.
        ConfigError: a file whose name does not match.
    """
    videos: list[JudgedVideo] = []
    left_out: list[str] = []
    for file in sorted([*root.glob("*.npz"), *root.glob("*.zarr")]):
        found = inspect(load(file))
        if in_step.lag(found) is not None:
            left_out.append(file.stem)
            continue
        about = re.search(group, file.stem)
        if about is None:
            raise ConfigError(f"'{group}' does not match {file.stem}; choose another --group")
        videos.append(_video(file, about[1], step))
    if not videos:
        raise DataError(f"{root} holds no file of the paired layout; expected some with a truth")
    return Read(videos, left_out)


def aist() -> str:
    """How the names of AIST's files tell dances apart."""
    return str(described("data", "aist")["group"])


def _video(file: Path, group: str, step: int) -> JudgedVideo:
    video = load(file)
    if video.truth is None or video.visible is None or video.detections is None:
        raise DataError(f"{file} has no truth or no detections; expected both")
    seen = video.detections[::step].astype(float)
    raw = seen[..., :2]
    cleaned, _ = person(seen, fps=video.fps / step, skeleton=video.skeleton).cleaned()
    visible = video.visible[::step] & ~np.isnan(raw).any(-1)
    truth, own = video.truth[::step].astype(float), _fingerprint(video)
    return JudgedVideo(file.stem, group, raw, cleaned, truth, visible, own)


def _fingerprint(video: PairedVideo) -> str:
    """As networks of the usual skeleton know it again."""
    if video.truth is None or video.visible is None:
        return ""
    poses = np.where(video.visible[..., None], video.truth, 0)
    frames, fps = np.arange(len(video)), video.fps
    whole = PoseSequence("", poses, video.visible, frames, fps, skeleton=video.skeleton)
    return fingerprint(whole.in_skeleton(CLIMBALONG25))
