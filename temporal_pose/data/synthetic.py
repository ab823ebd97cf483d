"""Synthetic people that climb and dance: the embedded default, made from a seed."""

import numpy as np

from temporal_pose.data.articulated.body import Body, keypoints
from temporal_pose.data.articulated.camera import seen, view
from temporal_pose.data.articulated.climb import climb
from temporal_pose.data.articulated.motion import dance
from temporal_pose.errors import ConfigError
from temporal_pose.pose.sequences import PoseSequence

_KINDS = (("climb", climb, (720, 1280)), ("dance", dance, (1280, 720)))


class Synthetic:
    """Makes sequences of articulated people. *No data set, and never to be shown as one.*

    Limbs of fixed length, joints that bend only as they can, a camera that follows. Half the
    videos climb a wall, seen from behind; half dance. 8 to 20 % of a video's keypoints are hidden.

    Made to move as real poses do, as measured by us at 30 frames a second (Penn Action's labels
    with its assumed rate; every second frame of 15 AIST files; 120 synthetic videos): steps of a
    wrist between frames in torso diameters, and second differences of all keypoints over the
    side of the frame's box.

    ============================== =========================== ===========================
    percentile                     wrist step 50 / 90 / 99     second difference 50 / 90
    ============================== =========================== ===========================
    Penn Action, all               0.024 / 0.138 / 0.374       0.0046 / 0.024
    Penn Action, baseball pitch    0.046 / 0.225 / 0.657       0.0061 / 0.033
    AIST gBR, pseudo ground truth  0.101 / 0.195 / 0.285       0.0055 / 0.013
    synthetic                      0.043 / 0.172 / 0.359       0.0024 / 0.017
    ============================== =========================== ===========================

    Averaging five frames moves a keypoint by 0.009 of a torso in the median and 0.055 in the
    worst tenth (Penn Action: 0.007 and 0.034). Unlike annotations by hand the poses have no
    jitter of their own, hence the lower median of the second difference.

    Args:
        subjects: people, each with limb lengths of their own.
        videos: videos of each of them; every other one climbs, the rest dance.
        frames: length of a video, about; it varies by up to 15 %.
        seed: the sequences are a pure function of it and the other arguments.
        fps: frames a second.
        occlusion: whether keypoints hide, as they do in videos.

    Raises:
        ConfigError: a count or a frame rate that is not positive, or a negative seed.
    """

    def __init__(
        self,
        subjects: int,
        videos: int,
        frames: int,
        seed: int,
        fps: float | int = 30,
        occlusion: bool = True,
    ) -> None:
        for name, value in {"subjects": subjects, "videos": videos, "frames": frames}.items():
            if value != int(value) or value < 1:
                raise ConfigError(f"data.{name} is {value}; expected a whole number from 1 on")
        if not 0 < fps < float("inf"):
            raise ConfigError(f"fps is {fps}; expected a positive number")
        if seed < 0:
            raise ConfigError(f"data.data_seed is {seed}; expected a whole number from 0 on")
        self.subjects, self.videos, self.frames = subjects, videos, frames
        self.seed, self.fps, self.occlusion = seed, float(fps), occlusion

    def read(self) -> list[PoseSequence]:
        """One sequence a video, subject by subject; the group is the subject."""
        return [
            self._sequence(subject, video)
            for subject in range(self.subjects)
            for video in range(self.videos)
        ]

    def _sequence(self, subject: int, video: int) -> PoseSequence:
        body = Body.drawn(np.random.default_rng((self.seed, 1, subject)))
        rng = np.random.default_rng((self.seed, 2, subject, video))
        kind, move, size = _KINDS[(subject * self.videos + video) % 2]
        length = max(1, round(self.frames * rng.uniform(0.85, 1.15)))
        time = np.arange(length) / self.fps
        image = view(rng, time, keypoints(body, move(rng, time, body)), size)
        visible = seen(rng, time, image, size)
        visible = visible if self.occlusion else np.ones_like(visible)
        return PoseSequence(
            name=f"subject{subject}_{kind}{video}",
            keypoints=np.where(visible[..., None], image[..., :2], 0).astype(np.float32),
            visible=visible,
            frames=np.arange(length),
            fps=self.fps,
            group=f"subject{subject}",
            image_size=size,
        )
