"""Bodies read in the wrong order are refused, and no body read in its own."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from temporal_pose.errors import DataError
from temporal_pose.pose.skeletons import SKELETONS, Skeleton, remap
from temporal_pose.refining.cleaning import missing
from temporal_pose.refining.plausibility import body_fit, check_plausible

#: A person who stands with arms hanging, in Halpe's order: enough to tell every order of a body.
STANDING = {
    "nose": (0, -60), "left_eye": (3, -63), "right_eye": (-3, -63), "left_ear": (7, -61),
    "right_ear": (-7, -61), "left_shoulder": (18, -40), "right_shoulder": (-18, -40),
    "left_elbow": (24, -12), "right_elbow": (-24, -12), "left_wrist": (26, 14),
    "right_wrist": (-26, 14), "left_hip": (10, 12), "right_hip": (-10, 12), "left_knee": (11, 56),
    "right_knee": (-11, 56), "left_ankle": (12, 98), "right_ankle": (-12, 98),
    "head_top": (0, -75), "neck": (0, -42), "pelvis": (0, 11), "left_big_toe": (17, 106),
    "right_big_toe": (-17, 106), "left_small_toe": (20, 105), "right_small_toe": (-20, 105),
    "left_heel": (10, 103), "right_heel": (-10, 103),
}  # fmt: skip
HALPE = SKELETONS["halpe26"]


def standing(skeleton: Skeleton, rng: np.random.Generator) -> np.ndarray:
    """20 poses of a person who stands, in the order of a skeleton; what it lacks there is NaN."""
    place = np.array([STANDING[name] for name in HALPE.keypoints], float)
    poses = 500 + 3 * place + rng.normal(0, 5, (20, len(HALPE), 2))
    found, there = remap(poses, np.ones(poses.shape[:2], bool), HALPE, skeleton)
    return np.where(there[..., None], found, np.nan)


@pytest.mark.parametrize("name", ["coco17", "coco18", "body25", "body25b", "halpe26", "lsp14"])
def test_the_right_order_passes(name, rng) -> None:
    found = body_fit(standing(SKELETONS[name], rng), SKELETONS[name])
    assert found is not None and found.doubt < 0.3
    check_plausible(standing(SKELETONS[name], rng), SKELETONS[name], "walk")


def test_another_order_of_25_is_refused_and_the_right_one_named(rng) -> None:
    poses = standing(SKELETONS["body25b"], rng)
    with pytest.raises(DataError) as error:
        check_plausible(poses, SKELETONS["body25"], "cam01")
    found = body_fit(poses, SKELETONS["body25"])
    first, second = found.limb
    assert str(error.value) == (
        f"cam01: from {first} to {second} it is {found.share:.0%} of the body's size (median); no "
        "body of skeleton 'body25' looks like that. Its keypoints seem to be in another order: "
        "set skeleton= to the one they were detected with (read as body25b, they look like a "
        "body), or skeleton=none"
    )
    assert found.share > 0.8
    with pytest.raises(DataError, match=r"skeleton 'body25b' .* \(read as body25, they look"):
        check_plausible(standing(SKELETONS["body25"], rng), SKELETONS["body25b"], "cam01")


def test_cocos_17_and_human36ms_are_told_apart(rng) -> None:
    """As many keypoints; no limb is as long as the body, but the other order fits far better."""
    for name, other in (("coco17", "h36m17"), ("h36m17", "coco17")):
        poses = standing(SKELETONS[name], rng)
        if name == "h36m17":
            index = {one: i for i, one in enumerate(SKELETONS[name].keypoints)}
            middle = [poses[:, index[one]] for one in ("pelvis", "neck")]
            poses[:, index["spine"]] = (middle[0] + middle[1]) / 2
            poses[:, index["thorax"]] = middle[1] + 5
        check_plausible(poses, SKELETONS[name], "walk")
        with pytest.raises(DataError, match=rf"skeleton '{other}' .* \(read as {name}, they"):
            check_plausible(poses, SKELETONS[other], "walk")


def test_place_scale_and_order_of_poses_change_nothing(rng) -> None:
    skeleton, poses = SKELETONS["coco17"], standing(SKELETONS["coco17"], rng)
    expected = body_fit(poses, skeleton)
    moved = poses + np.array([3000, -200])
    for other in (7 * poses, moved, poses[rng.permutation(20)], poses * [-1, 1]):
        found = body_fit(other, skeleton)
        assert found.limb == expected.limb
        assert found.doubt == pytest.approx(expected.doubt)


def test_what_is_not_checked(rng) -> None:
    shuffled = standing(SKELETONS["coco17"], rng)[:, rng.permutation(17)]
    with pytest.raises(DataError):
        check_plausible(shuffled, SKELETONS["coco17"], "walk")
    check_plausible(shuffled, None, "walk")
    check_plausible(shuffled, Skeleton("points", SKELETONS["coco17"].keypoints), "walk")
    check_plausible(shuffled[:9], SKELETONS["coco17"], "walk")
    half = shuffled.copy()
    half[:, :8] = 0
    check_plausible(half, SKELETONS["coco17"], "walk")
    pair = Skeleton("pair", ("a", "b"), (("a", "b"),))
    check_plausible(rng.uniform(0, 900, (50, 2, 2)), pair, "walk")


def test_everything_joined_to_everything_is_no_wrong_order(rng) -> None:
    names = tuple("abcdefghi")
    limbs = tuple((a, b) for a in names for b in names if a < b)
    check_plausible(rng.uniform(0, 900, (50, 9, 2)), Skeleton("web", names, limbs), "walk")


def test_one_point_for_all_is_not_judged() -> None:
    check_plausible(np.full((30, 17, 2), 40.0), SKELETONS["coco17"], "walk")


# ---------------------------------------------------------------------- real bodies


def penn(folder: Path) -> list[np.ndarray]:
    found = []
    for path in sorted((folder / "penn_action" / "labels").glob("*.mat"))[::9]:
        labels = loadmat(path)
        places = np.stack([labels["x"], labels["y"]], -1).astype(float) - 1
        found.append(np.where((labels["visibility"] != 0)[..., None], places, np.nan))
    return found


def speed21(folder: Path) -> list[np.ndarray]:
    found = []
    for path in sorted((folder / "speed21" / "skeletons").rglob("*.txt")):
        lines = [line.split("#") for line in path.read_text().splitlines()]
        poses = [part[1].strip(";") for part in lines if len(part) == 2 and "NULL" not in part[1]]
        pairs = [[xy.split(",") for xy in pose.split(";")] for pose in poses]
        found.append(np.array(pairs, float))
    return found


def openpose(folder: Path) -> np.ndarray:
    poses = []
    for path in sorted((folder / "formats" / "openpose_single").glob("*.json")):
        for person in json.loads(path.read_text())["people"]:
            poses.append(np.reshape(person["pose_keypoints_2d"], (-1, 3))[:, :2])
    return np.array(poses)


def mmpose(folder: Path) -> np.ndarray:
    file = json.loads((folder / "formats" / "mmpose_halpe26_80frames.json").read_text())
    frames = (one["instances"] for one in file["instance_info"])
    return np.array([person["keypoints"] for frame in frames for person in frame])


def lspet(folder: Path) -> list[np.ndarray]:
    joints = loadmat(folder / "lspet" / "joints.mat")["joints"].transpose(2, 0, 1)
    poses = np.where(joints[..., 2:] > 0, joints[..., :2], np.nan)
    return [poses[start : start + 60] for start in range(0, len(poses), 60)]


def test_no_real_body_is_refused(shared_data, aist) -> None:
    sets = {
        "penn13": penn(shared_data),
        "mpii16": speed21(shared_data),
        "body25b": [openpose(shared_data)],
        "halpe26": [mmpose(shared_data)],
        "lsp14": lspet(shared_data),
        "coco17": [file["detections"][..., :2].astype(float) for file in aist.values()],
    }
    checked = 0
    for name, clips in sets.items():
        for poses in clips:
            found = body_fit(poses, SKELETONS[name])
            checked += found is not None
            assert found is None or found.doubt < 0.45
            check_plausible(poses, SKELETONS[name], name)
    assert checked > 300


def test_real_bodies_read_as_human36ms_are_refused(aist) -> None:
    for file in aist.values():
        with pytest.raises(DataError, match="read as coco17"):
            check_plausible(file["detections"][..., :2].astype(float), SKELETONS["h36m17"], "a")


def test_real_bodies_in_a_shuffled_order_are_refused(shared_data, aist, rng) -> None:
    sets = [("mpii16", poses) for poses in speed21(shared_data)]
    sets += [("coco17", file["detections"][..., :2].astype(float)) for file in aist.values()]
    sets += [("halpe26", mmpose(shared_data)), ("body25b", openpose(shared_data))]
    refused = 0
    for name, poses in sets:
        shuffled = poses[:, rng.permutation(poses.shape[1])]
        found = body_fit(shuffled, SKELETONS[name])
        refused += found is not None and found.doubt > 0.5
    assert refused > 0.95 * len(sets)


@pytest.mark.parametrize("wrong", ["body25", "climbalong25"])
def test_openposes_other_order_is_refused(wrong, shared_data) -> None:
    poses = openpose(shared_data)
    assert missing(poses).any()
    with pytest.raises(DataError, match=r"^cam01: from .* \(read as body25b, they look like a b"):
        check_plausible(poses, SKELETONS[wrong], "cam01")
