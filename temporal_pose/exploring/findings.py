"""The six findings of the thesis on its latent space, each looked for in another one."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from temporal_pose.exploring.clusters import Partition
from temporal_pose.exploring.components import Components
from temporal_pose.exploring.samples import Samples
from temporal_pose.exploring.skips import SkipsOff
from temporal_pose.exploring.walks import Walk

REPRODUCED, NOT_REPRODUCED, NOT_TESTABLE = "reproduced", "not reproduced", "not testable"

_FEW = 0.2  # share of the components that counts as few (finding 1; 541 of 4,096 are 0.13)
_STRONG = 0.5  # rank correlation (findings 2 and 5)
_LARGE = 0.8  # difference in standard deviations (finding 4; Cohen's large effect)
_UPRIGHT = 45  # degrees; who stands on the hands neither sits nor stands (finding 2)
_NOISE = 0.01  # share of the poses' variance below which a component says nothing (finding 3)
_WORKS = 0.1  # share of keypoints that a network must find as it is (finding 6)
_LOST = 0.8  # share of the other keypoints' that the face keeps at most (finding 6)
_LEAST = 30  # samples


class Finding(NamedTuple):
    """A line of the table.

    Args:
        number: of the finding, from 1.
        claim: what the thesis says.
        verdict: reproduced, not reproduced, or not testable.
        shown: the number that decides, in words.
        rule: what decides.
    """

    number: int
    claim: str
    verdict: str
    shown: str
    rule: str


@dataclass(frozen=True)
class Evidence:
    """What the findings are judged by.

    Args:
        partitions: k-means for each number of clusters.
        walks: along components.
        cut: with the branches around the latent space switched off; None where there are none.
    """

    samples: Samples
    components: Components
    partitions: list[Partition]
    walks: list[Walk]
    cut: SkipsOff | None


def findings(seen: Evidence) -> list[Finding]:
    """All six, in the thesis's order."""
    return [_few(seen), _sitting(seen), _noise(seen), _pairs(seen), _smooth(seen), _face(seen)]


def _few(seen: Evidence) -> Finding:
    claim = "95 % of the variance take few components: 541 of 4,096, 13 %"
    rule = f"at most {_FEW:.0%} of the features; needs more samples than features"
    needed, width = seen.components.needed(), seen.samples.features.shape[1]
    shown = f"{needed:,} of {width:,}, {needed / width:.0%}"
    if len(seen.samples) <= width:
        shown += f", but {len(seen.samples):,} samples bound it"
        return Finding(1, claim, NOT_TESTABLE, shown, rule)
    return Finding(1, claim, _verdict(needed / width <= _FEW), shown, rule)


def _sitting(seen: Evidence) -> Finding:
    claim = "component 1 is sitting against standing"
    rule = (
        f"rank correlation with how far ankles are below hips, {_STRONG} and more, of the upright"
    )
    unknown = np.full(len(seen.samples), np.nan)
    legs, angle = (seen.samples.columns.get(name, unknown) for name in ("legs", "torso_angle"))
    known = np.isfinite(legs) & (np.abs(np.nan_to_num(angle, nan=180)) < _UPRIGHT)
    if known.sum() < _LEAST or np.ptp(legs[known]) == 0:
        shown = f"hips, shoulders and ankles are known of {int(known.sum())} upright samples"
        return Finding(2, claim, NOT_TESTABLE, shown, rule)
    strength = abs(_ranks(seen.components.scores[known, 0], legs[known]))
    shown = f"rank correlation {strength:.2f}, {int(known.sum()):,} samples"
    return Finding(2, claim, _verdict(strength >= _STRONG), shown, rule)


def _noise(seen: Evidence) -> Finding:
    claim = "components from 50 on look like noise"
    rule = f"each explains less than {_NOISE:.0%} of the variance of the poses"
    count = seen.components.scores.shape[1]
    if count < 60 or len(seen.samples) < 10 * _LEAST:
        shown = f"{count} components of {len(seen.samples):,} samples"
        return Finding(3, claim, NOT_TESTABLE, shown + "; 60 of 300 are needed", rule)
    shares = pose_shares(seen)
    late = float(shares[49:].max())
    first = ", ".join(f"{share:.1%}" for share in shares[:3])
    shown = f"{late:.2%} at most; components 1 to 3: {first}"
    if shares[:49].max() < _NOISE:
        return Finding(3, claim, NOT_TESTABLE, f"{shown}: no component tells of the pose", rule)
    return Finding(3, claim, _verdict(late < _NOISE), shown, rule)


def pose_shares(seen: Evidence, most: int = 200) -> Float[np.ndarray, " C"]:
    """Share of the poses' variance that each component explains by itself, linearly.

    What chance explains, one in the number of samples, is taken off.
    """
    poses = seen.samples.poses.reshape(len(seen.samples), -1)
    mean = np.nanmean(np.where(np.isnan(poses).all(0), 0, poses), 0)
    centred = np.where(np.isnan(poses), 0, poses - mean)
    scores = seen.components.scores[:, :most]
    scores = scores - scores.mean(0)
    shared = (scores.T @ centred) ** 2 / np.maximum((scores**2).sum(0), 1e-20)[:, None]
    total = max(float((centred**2).sum()), 1e-20)
    return np.maximum(shared.sum(1) / total - 1 / len(scores), 0)


def _pairs(seen: Evidence) -> Finding:
    claim = "the best silhouette is at k = 2: few against many visible keypoints"
    rule = f"best k is 2, and means differ by at least {_LARGE} standard deviations"
    best = max(seen.partitions, key=lambda one: one.silhouette)
    shown = f"k = {best.k}, silhouette {best.silhouette:.2f}"
    visible = seen.samples.columns.get("visible", np.zeros(len(seen.samples)))
    if np.ptp(visible) == 0 or best.k != 2:
        same = np.ptp(visible) == 0
        shown += "; every sample shows as many keypoints" if same else ""
        return Finding(4, claim, NOT_TESTABLE if same else NOT_REPRODUCED, shown, rule)
    sides = [visible[best.labels == label] for label in (0, 1)]
    apart = abs(sides[0].mean() - sides[1].mean()) / max(float(visible.std()), 1e-12)
    means = " and ".join(f"{side.mean():.1f}" for side in sides)
    shown += f"; {means} visible keypoints, {apart:.1f} sd apart"
    shown += "" if best.real else f"; but these are no clusters ({best.doubt})"
    return Finding(4, claim, _verdict(apart >= _LARGE), shown, rule)


def _smooth(seen: Evidence) -> Finding:
    claim = "walks along components, shown as nearest samples, change pose smoothly"
    rule = f"rank correlation of steps apart and distance of poses, at least {_STRONG}"
    poses, gaps, apart = seen.samples.poses, [], []
    for walk in seen.walks:
        for i in range(len(walk.nearest)):
            for j in range(i):
                away = np.linalg.norm(poses[walk.nearest[i]] - poses[walk.nearest[j]], axis=-1)
                if np.isfinite(away).any():
                    gaps.append(i - j)
                    apart.append(float(np.nanmean(away)))
    if len(apart) < _LEAST or np.ptp(apart) == 0:
        return Finding(5, claim, NOT_TESTABLE, f"{len(apart)} pairs of poses", rule)
    strength = _ranks(np.array(gaps, float), np.array(apart))
    shown = f"rank correlation {strength:.2f} over {len(seen.walks)} walks"
    return Finding(5, claim, _verdict(strength >= _STRONG), shown, rule)


def _face(seen: Evidence) -> Finding:
    claim = "with the skip branches off, small joints of the face are lost"
    rule = f"the face keeps at most {_LOST:.0%} of what the other keypoints keep of their score"
    if seen.cut is None:
        return Finding(6, claim, NOT_TESTABLE, "the network has no skip branches", rule)
    face, others = seen.cut.kept(True), seen.cut.kept(False)
    works = min(seen.cut.found(True), seen.cut.found(False))
    if not (works >= _WORKS and others > 0):
        why = (
            "no keypoint of the face is known"
            if works != works
            else "the network finds too little"
        )
        return Finding(6, claim, NOT_TESTABLE, why, rule)
    shown = f"{face:.0%} of the face's score is left, {others:.0%} of the others'"
    return Finding(6, claim, _verdict(face <= _LOST * others), shown, rule)


def _verdict(holds: bool | np.bool_) -> str:
    return REPRODUCED if holds else NOT_REPRODUCED


def _ranks(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"]) -> float:
    from scipy.stats import spearmanr

    return float(np.nan_to_num(spearmanr(a, b).statistic))
