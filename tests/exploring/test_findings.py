"""The six findings: reproduced where they are built in, not where they are not, and otherwise
untestable.
"""

from dataclasses import replace

import numpy as np
import pytest
from looking import COCO17, STANDING

from temporal_pose.exploring.clusters import Partition
from temporal_pose.exploring.components import components
from temporal_pose.exploring.findings import (
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    Evidence,
    findings,
    pose_shares,
)
from temporal_pose.exploring.sample_columns import pose_columns
from temporal_pose.exploring.samples import Samples
from temporal_pose.exploring.skips import SkipsOff, cut, found
from temporal_pose.exploring.walks import walks

COUNT, WIDTH = 400, 80
RNG = np.random.default_rng(0)
SIT = RNG.uniform(0, 1, COUNT).astype(np.float32)


def samples(mixing: float = 1.0) -> Samples:
    """People who sit down more or less, which the first feature tells as far as it is mixed in."""
    poses = np.tile(STANDING, (COUNT, 1, 1))
    poses[:, 13:, 1] -= 0.3 * SIT[:, None]
    features = 0.1 * RNG.standard_normal((COUNT, WIDTH))
    features[:, 0] += mixing * 3 * SIT
    features[:, 1:4] += RNG.standard_normal((COUNT, 3)) * 0.5
    labels = np.where(np.arange(17) < 5, 0, 2)[None].repeat(COUNT, 0)
    labels[:, :5] = 2 * (RNG.uniform(size=(COUNT, 1)) < 0.5)
    shown = np.where((labels > 0)[..., None], poses, np.nan)
    return Samples(
        features.astype(np.float32),
        poses,
        labels,
        poses,
        None,
        [f"image {i}" for i in range(COUNT)],
        [f"person {i}" for i in range(COUNT)],
        COCO17,
        pose_columns(shown, labels, COCO17),
    )


def evidence(mixing: float = 1.0, by: str = "visible", k: int = 2) -> Evidence:
    seen = samples(mixing)
    made = components(seen.features)
    values = seen.columns[by]
    labels = (values < values.mean()).astype(int)
    parts = [Partition(k, labels, 0.09, 0.08, 0.5, 0.9), Partition(k + 1, labels, 0.05, 0.1, 1, 1)]
    return Evidence(seen, made, parts, walks(made, None, (1,) * 6), kept(0.2, 0.9))


def kept(face: float, others: float, works: float = 0.8) -> SkipsOff:
    whole = np.full(17, works)
    off = works * np.where(np.arange(17) < 5, face, others)
    return SkipsOff(COCO17.keypoints, whole, off, (0, 1, 2, 3, 4), np.zeros((3, 17, 2)))


def verdicts(seen: Evidence) -> list[str]:
    return [one.verdict for one in findings(seen)]


def test_all_that_are_built_in() -> None:
    said = findings(evidence())
    assert [one.verdict for one in said] == [
        NOT_REPRODUCED,  # nearly all features are alike
        *[REPRODUCED] * 5,
    ]
    assert [one.number for one in said] == [1, 2, 3, 4, 5, 6]
    assert "but these are no clusters (runs disagree, no gap between them)" in said[3].shown
    assert said[5].shown == "20% of the face's score is left, 90% of the others'"


def test_few_components() -> None:
    seen = evidence()
    narrow = np.asarray(seen.samples.features) * np.where(np.arange(WIDTH) < 4, 1, 0.01)
    few = replace(seen, components=components(narrow.astype(np.float32)))
    assert verdicts(few)[0] == REPRODUCED
    wide = replace(seen.samples, features=np.zeros((COUNT, COUNT), np.float32))
    bound = findings(replace(seen, samples=wide))[0]
    assert bound.verdict == NOT_TESTABLE and "but 400 samples bound it" in bound.shown


def test_a_space_that_knows_nothing_of_sitting() -> None:
    said = verdicts(evidence(mixing=0))
    assert said[1] == NOT_REPRODUCED
    assert said[2] == NOT_TESTABLE  # no component tells of poses at all
    assert said[4] == NOT_REPRODUCED


def test_parts_that_differ_in_something_else() -> None:
    assert verdicts(evidence(by="legs"))[3] == NOT_REPRODUCED
    assert verdicts(evidence(k=3))[3] == NOT_REPRODUCED
    seen = evidence()
    same = seen.samples.with_columns(visible=np.full(COUNT, 17.0))
    assert verdicts(replace(seen, samples=same))[3] == NOT_TESTABLE


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        (None, NOT_TESTABLE),
        (kept(0.8, 0.9), NOT_REPRODUCED),
        (kept(0.2, 0.9, works=0.05), NOT_TESTABLE),
        (replace(kept(0.2, 0.9), face=()), NOT_TESTABLE),
    ],
)
def test_branches(branches: SkipsOff | None, expected: str) -> None:
    assert verdicts(replace(evidence(), cut=branches))[5] == expected


def test_too_little_to_tell() -> None:
    seen = evidence()
    unknown = seen.samples.with_columns(legs=np.full(COUNT, np.nan))
    assert verdicts(replace(seen, samples=unknown))[1] == NOT_TESTABLE
    few = components(np.asarray(seen.samples.features[:, :40]))
    assert verdicts(replace(seen, components=few))[2] == NOT_TESTABLE
    assert verdicts(replace(seen, walks=[]))[4] == NOT_TESTABLE


def test_shares_of_poses_by_least_squares() -> None:
    seen = evidence()
    poses = np.where((seen.samples.labels > 0)[..., None], seen.samples.keypoints, np.nan).reshape(
        COUNT, -1
    )
    centred = np.nan_to_num(poses - np.nanmean(poses, 0))
    one = seen.components.scores[:, :1].astype(float)
    rest = centred - one @ np.linalg.lstsq(one, centred, rcond=None)[0]
    expected = 1 - (rest**2).sum() / (centred**2).sum() - 1 / COUNT
    assert pose_shares(seen)[0] == pytest.approx(expected, abs=1e-4)


def test_what_is_found_within_five_percent() -> None:
    poses = np.where(np.arange(17)[:, None] < 15, STANDING, np.nan)[None].repeat(4, 0)
    predicted = STANDING[None].repeat(4, 0)
    predicted[0, 3, 0] += 0.049
    predicted[1, 3, 0] += 0.051
    shares = found(predicted, poses)
    assert shares[3] == 0.75 and shares[0] == 1 and np.isnan(shares[15:]).all()
    made = cut(poses, predicted, predicted[:2] + 1, COCO17)
    assert made.whole[3] == 0.5 and made.cut[3] == 0 and made.face == (0, 1, 2, 3, 4)
    assert made.kept(True) == 0 and made.found(False) == 1
