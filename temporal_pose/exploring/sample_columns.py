"""What a pose says in single numbers: the columns that a latent space is compared with."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.pose.skeletons import Skeleton


def pose_columns(
    poses: Float[np.ndarray, "N K 2"], labels: Int[np.ndarray, "N K"], skeleton: Skeleton
) -> dict[str, Float[np.ndarray, " N"]]:
    """Columns that are read off true poses; NaN where a pose does not show what one is about.

    ``visible`` and ``labelled`` count keypoints; ``torso_angle`` is in degrees, 0 upright,
    positive where the head leans to the picture's right; ``torso_length`` is a share of the crop;
    ``legs`` is how far the ankles are below the hips, in torso lengths: near 2 standing, near 1
    sitting, where the camera is level.

    Args:
        poses: shares of the crop; NaN where not labelled.
        labels: 0 not labelled, 1 hidden, 2 visible.
    """
    shoulders, hips = _middle(poses, skeleton, "shoulder"), _middle(poses, skeleton, "hip")
    ankles = _middle(poses, skeleton, "ankle")
    spine = shoulders - hips
    length = np.linalg.norm(spine, axis=-1)
    there = length > 1e-3
    angle = np.degrees(np.arctan2(spine[:, 0], -spine[:, 1]))
    below, unknown = ankles[:, 1] - hips[:, 1], np.full_like(length, np.nan)
    return {
        "visible": (labels == 2).sum(1).astype(float),
        "labelled": (labels > 0).sum(1).astype(float),
        "torso_angle": np.where(there, angle, np.nan),
        "torso_length": np.where(there, length, np.nan),
        "legs": np.divide(below, length, where=there, out=unknown),
    }


def error(
    predicted: Float[np.ndarray, "N K 2"], poses: Float[np.ndarray, "N K 2"]
) -> Float[np.ndarray, " N"]:
    """Mean distance of predicted from true positions, shares of the crop; NaN without a truth."""
    return mean_over(np.linalg.norm(predicted - poses, axis=-1), 1)


def mean_over(values: Float[np.ndarray, "*all"], axis: int) -> Float[np.ndarray, "*some"]:
    """Mean of what is not NaN; NaN where all is."""
    known = ~np.isnan(values)
    count = known.sum(axis)
    total = np.where(known, values, 0).sum(axis)
    return np.divide(total, count, where=count > 0, out=np.full(total.shape, np.nan))


def _middle(
    poses: Float[np.ndarray, "N K 2"], skeleton: Skeleton, name: str
) -> Float[np.ndarray, "N 2"]:
    """Between left and right of a joint, or where the one of them is that is known."""
    places = indices(skeleton, [f"left_{name}", f"right_{name}"])
    return mean_over(poses[:, places], 1)


def indices(skeleton: Skeleton, names: Sequence[str]) -> list[int]:
    """Positions of those keypoints that the skeleton has."""
    return [skeleton.index(name) for name in names if name in skeleton.keypoints]
