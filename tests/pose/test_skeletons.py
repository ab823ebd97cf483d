"""Skeletons: names, mirror images, groups, and one set's keypoints in another's order."""

import os

import numpy as np
import pytest

from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS, Skeleton, remap, skeleton

COCO17 = SKELETONS["coco17"]
PENN13 = SKELETONS["penn13"]
MPII16 = SKELETONS["mpii16"]
BLAZEPOSE33 = SKELETONS["blazepose33"]

EVERY = pytest.mark.parametrize("bones", SKELETONS.values(), ids=SKELETONS)

#: As the specification lists them, left before right.
PARTS = (
    "ear shoulder elbow wrist pinky index_finger thumb hip knee ankle heel toes".split()  # noqa: SIM905
)


def test_order_of_the_25() -> None:
    pairs = [f"{side}_{part}" for part in PARTS for side in ("left", "right")]
    assert CLIMBALONG25.keypoints == ("nose", *pairs)
    assert list(CLIMBALONG25.groups) == ["nose", *PARTS]
    assert list(CLIMBALONG25.groups.values()) == [(0,), *((i, i + 1) for i in range(1, 25, 2))]


@pytest.mark.parametrize(
    ("bones", "count"), [(CLIMBALONG25, 25), (COCO17, 17), (PENN13, 13), (MPII16, 16)]
)
def test_sizes(bones, count) -> None:
    assert len(bones) == count == int(bones.name[-2:])


@EVERY
def test_names_are_unique_and_limbs_join_names(bones) -> None:
    assert len(set(bones.keypoints)) == len(bones)
    for (a, b), (i, j) in zip(bones.limbs, bones.limb_indices, strict=True):
        assert (bones.keypoints[i], bones.keypoints[j]) == (a, b)


@EVERY
def test_mirror_swaps_sides_and_undoes_itself(bones) -> None:
    assert [bones.mirror[i] for i in bones.mirror] == list(range(len(bones)))
    for name, other in zip(bones.keypoints, bones.mirror, strict=True):
        expected = name
        if name.startswith("left_"):
            expected = name.replace("left_", "right_", 1)
        elif name.startswith("right_"):
            expected = name.replace("right_", "left_", 1)
        assert bones.keypoints[other] == expected


@EVERY
def test_groups_hold_every_keypoint_once(bones) -> None:
    assert sorted(i for group in bones.groups.values() for i in group) == list(range(len(bones)))


@EVERY
def test_a_torso_is_measured_along_each_side(bones) -> None:
    """Of animals, which may lack shoulders or hips, along none."""
    names = [tuple(bones.keypoints[i] for i in pair) for pair in bones.torso]
    both = [("left_shoulder", "left_hip"), ("right_shoulder", "right_hip")]
    assert names == [pair for pair in both if {*pair} <= {*bones.keypoints}]


def test_a_skeleton_may_have_one_side_of_a_torso_or_none() -> None:
    half = Skeleton("half", ("right_hip", "left_hip", "nose", "right_shoulder"))
    assert half.torso == ((3, 0),)
    assert Skeleton("hand", ("wrist", "thumb")).torso == ()


def test_documented_orders() -> None:
    assert COCO17.keypoints[:5] == ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
    assert MPII16.keypoints[6:10] == ("pelvis", "thorax", "neck", "head_top")
    assert MPII16.keypoints[0] == "right_ankle"
    # MediaPipe's numbers: 11 left shoulder, 15 left wrist, 24 right hip, 32 right foot index.
    numbers = {11: "left_shoulder", 15: "left_wrist", 24: "right_hip", 32: "right_toes"}
    assert {i: BLAZEPOSE33.keypoints[i] for i in numbers} == numbers


def test_lookup() -> None:
    assert skeleton("penn13") is PENN13
    with pytest.raises(ConfigError) as error:
        skeleton("body26")
    known = ", ".join(sorted(SKELETONS))
    message = f"skeleton 'body26' is unknown; expected one of {known}, or a file NAME.yaml"
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("source", "shared"), [(PENN13, 13), (COCO17, 15), (MPII16, 12), (BLAZEPOSE33, 25)]
)
def test_remapped_keypoints_keep_their_name(source, shared) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2, 7, len(source), 3))
    visible = rng.random((2, 7, len(source))) < 0.7
    before = points.copy()
    out, seen = remap(points, visible, source)
    assert out.shape == (2, 7, 25, 3)
    assert np.array_equal(points, before)
    found = 0
    for i, name in enumerate(CLIMBALONG25.keypoints):
        there = "head" if source is PENN13 and name == "nose" else name
        if there not in source.keypoints:
            assert not seen[..., i].any()
            assert not out[..., i, :].any()
            continue
        found += 1
        at = source.keypoints.index(there)
        assert np.array_equal(seen[..., i], visible[..., at])
        assert np.array_equal(out[..., i, :], points[..., at, :] * visible[..., at, None])
    assert found == shared


def test_there_and_back() -> None:
    rng = np.random.default_rng(0)
    points, visible = rng.normal(size=(5, 25, 2)), np.ones((5, 25), bool)
    there = remap(points, visible, CLIMBALONG25, BLAZEPOSE33)
    back, seen = remap(*there, BLAZEPOSE33)
    assert seen.all()
    assert np.array_equal(back, points)


@pytest.mark.parametrize(
    ("other", "shared"), [(PENN13, 13), (COCO17, 15), (MPII16, 12), (BLAZEPOSE33, 25)]
)
def test_another_skeleton_gets_back_what_both_know(other, shared) -> None:
    """What stands for a keypoint of ours, as Penn's head for the nose, is that again."""
    points, visible = np.arange(len(other) * 6.0).reshape(3, len(other), 2), np.ones((3, 1), bool)
    ours = remap(points, np.repeat(visible, len(other), 1), other)
    back, seen = remap(*ours, CLIMBALONG25, other)
    assert seen.sum() == 3 * shared
    assert np.array_equal(back[seen], points[seen])
    assert not back[~seen].any()


def test_what_is_not_visible_is_zero_even_if_it_was_nan() -> None:
    points = np.full((3, 17, 2), np.nan, np.float32)
    out, seen = remap(points, np.zeros((3, 17), bool), COCO17)
    assert out.dtype == np.float32
    assert not out.any()
    assert not seen.any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "has no keypoints; expected keypoints: [NAME, ...]"),
        ("keypoints: [a, a]", "names keypoint 'a' twice"),
        ("keypoints: [a, 2001-01-01]\npairs: 3", ": pairs is 3; expected a list of pairs"),
        ("keypoints: [a, b]\nlimbs: ab", ": limbs is ab; expected a list of pairs"),
        ("keypoints: [a, b]\nlimbs: [[a, c]]", ": limbs has ['a', 'c']; expected two names of"),
        ("keypoints: [a, b]\nstands_for: {a: [b]}", ": stands_for is no mapping of its keypoints"),
        ("keypoints: [a, b]\ncolours: 3", "has 'colours'; expected keypoints, limbs, pairs, st"),
        (
            f"keypoints: [{', '.join(f'k{n}' for n in range(1001))}]",
            "has 1001 keypoints; expected",
        ),
        ("keypoints: [" * 5000, "cannot be read: it is nested too deeply"),
        ("a: &a [*a]", "cannot be read: it is nested deeper than 64 levels"),
        ("keypoints: [", "cannot be read: while parsing"),
    ],
)
def test_a_file_that_describes_no_skeleton(tmp_path, text, said) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        skeleton(str(path))
    assert str(error.value).startswith(f"skeleton '{path}'")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pipe_describes_no_skeleton_and_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "mine.yaml")
    with pytest.raises(ConfigError, match=r"mine.yaml' cannot be read: it is no regular file$"):
        skeleton(str(tmp_path / "mine.yaml"))
