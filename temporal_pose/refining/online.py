"""A network one frame at a time: the last frames are refined anew with each that comes."""

import math
from collections import deque
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.refining.networks import NetworkRefiner


class Online:
    """A network as `temporal_pose.refining.streaming.Stream` takes it.

    Args:
        refiner: the network.
        skeleton: names of the keypoints that will come.
    """

    def __init__(self, refiner: NetworkRefiner, skeleton: Skeleton) -> None:
        self.refiner, self.skeleton = refiner, skeleton

    def causal(self, fps: float, lag: int = 0) -> "LastFrames":
        """Its form for one frame at a time."""
        return LastFrames(self.refiner, self.skeleton, fps, lag)


class LastFrames:
    """What a network makes of the frames until now, as far back as its windows reach.

    Args:
        refiner: the network.
        skeleton: names of the keypoints.
        fps: frames a second.
        lag: frames that follow the one that is estimated.
    """

    def __init__(self, refiner: NetworkRefiner, skeleton: Skeleton, fps: float, lag: int) -> None:
        self.skeleton, self.fps, self.lag = skeleton, fps, lag
        # A few frames do not tell whether detections resemble those of training.
        self.refiner = replace(refiner, usual={})
        model, gap = refiner.model, math.ceil(refiner.max_gap_s * fps)
        kept = model.length * model.step(fps) + lag + gap
        self._frames: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=kept)

    def step(
        self,
        positions: Float[np.ndarray, "K 2"],
        scores: Float[np.ndarray, " K"],
        seen: Bool[np.ndarray, " K"],
    ) -> Float[np.ndarray, "K 2"]:
        """Takes the next frame and gives the positions of ``lag`` frames ago; NaN for none."""
        self._frames.append((np.where(seen[:, None], positions, np.nan), scores))
        if len(self._frames) <= self.lag:
            return np.full_like(positions, np.nan)
        poses, sure = (np.stack(parts) for parts in zip(*self._frames, strict=True))
        about = {"fps": self.fps, "skeleton": self.skeleton}
        refined = self.refiner.refine(poses, sure, **about)
        return np.asarray(refined.keypoints[-1 - self.lag])
