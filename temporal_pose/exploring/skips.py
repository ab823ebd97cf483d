"""What a network loses with the branches around its latent space cut."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from temporal_pose.exploring.sample_columns import indices
from temporal_pose.pose.skeletons import Skeleton

#: A keypoint counts as found within this share of the crop.
NEAR = 0.05
#: The small joints of the face, as skeletons name them.
FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


@dataclass(frozen=True)
class SkipsOff:
    """Shares of keypoints found, with and without the branches.

    Args:
        names: of the keypoints.
        whole: share of each that the network finds within 5 % of the crop; NaN where none is
            known.
        cut: the same with the branches giving zeros.
        face: which keypoints are small joints of the face.
        predicted: positions without the branches, shares of the crop, of the first samples.
    """

    names: tuple[str, ...]
    whole: Float[np.ndarray, " K"]
    cut: Float[np.ndarray, " K"]
    face: tuple[int, ...]
    predicted: Float[np.ndarray, "n K 2"]

    def kept(self, face: bool) -> float:
        """Share of what was found that is still found, of the face or of all else."""
        whole, cut = self._of(face)
        return float(cut.sum() / whole.sum()) if whole.sum() > 0 else float("nan")

    def found(self, face: bool) -> float:
        """Mean share that the network finds as it is, of the face or of all else."""
        whole, _ = self._of(face)
        return float(whole.mean()) if len(whole) else float("nan")

    def _of(self, face: bool) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        chosen = np.isin(np.arange(len(self.names)), self.face) == face
        chosen &= np.isfinite(self.whole)
        return self.whole[chosen], self.cut[chosen]


def cut(
    poses: Float[np.ndarray, "N K 2"],
    whole: Float[np.ndarray, "N K 2"],
    without: Float[np.ndarray, "n K 2"],
    skeleton: Skeleton,
) -> SkipsOff:
    """Compares predictions with and without branches.

    Args:
        poses: the truth, shares of the crop; NaN where not labelled.
        whole: predictions of the network as it is.
        without: of the first n samples, with the branches cut.
    """
    count = len(without)
    shares = [found(one[:count], poses[:count]) for one in (whole, without)]
    face = tuple(indices(skeleton, FACE))
    return SkipsOff(skeleton.keypoints, shares[0], shares[1], face, without)


def found(
    predicted: Float[np.ndarray, "N K 2"], poses: Float[np.ndarray, "N K 2"]
) -> Float[np.ndarray, " K"]:
    """Share of each keypoint within 5 % of the crop of the truth; NaN where none is known."""
    away = np.linalg.norm(predicted - poses, axis=-1)
    known = np.isfinite(away)
    near = (known & (np.where(known, away, 1) <= NEAR)).sum(0)
    count = known.sum(0)
    unknown = np.full(len(count), np.nan)
    return np.divide(near, count, where=count > 0, out=unknown)
