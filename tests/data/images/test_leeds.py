"""Leeds Sports Pose: both orders of its axes, and 9,000 real people."""

from pathlib import Path

import numpy as np
import pytest
from image_sets import picture
from scipy.io import savemat

from temporal_pose.data.images.leeds import Leeds
from temporal_pose.errors import DataError


def joints(people: int = 4) -> np.ndarray:
    """Positions and flags, people x 14 x 3."""
    rng = np.random.default_rng(2)
    return np.concatenate((rng.uniform(4, 25, (people, 14, 2)), np.ones((people, 14, 1))), 2)


def write(root: Path, values: np.ndarray, images: int = 4, digits: int = 5) -> Path:
    savemat(root / "joints.mat", {"joints": values})
    (root / "images").mkdir(exist_ok=True)
    for number in range(1, images + 1):
        picture(seed=number).save(root / "images" / f"im{number:0{digits}d}.jpg")
    return root


def test_the_extended_set(tmp_path: Path) -> None:
    values = joints()
    values[1, 2, 2] = values[2, 12, 2] = 0
    values[1, 2, :2] = -500
    people = Leeds(write(tmp_path, values.transpose(1, 2, 0))).read()
    assert people.person_ids == ["im00001", "im00002", "im00003", "im00004"]
    assert people[1].labels.tolist() == [2, 2, 0, *[2] * 11]
    np.testing.assert_allclose(people[0].keypoints, values[0, :, :2], rtol=1e-6)
    assert people[1].keypoints[2].tolist() == [0, 0]
    assert people[3].image == tmp_path / "images" / "im00004.jpg"
    neck, top = values[0, 12, :2], values[0, 13, :2]
    assert people[0].head == pytest.approx(np.hypot(*(neck - top)))
    assert np.isnan(people[2].head)
    low, high = values[3, :, :2].min(0), values[3, :, :2].max(0)
    wanted = [*(low - 0.1 * (high - low)), *(1.2 * (high - low))]
    np.testing.assert_allclose(people[3].box, wanted, rtol=1e-5)
    assert people[3].area == pytest.approx(0.53 * wanted[2] * wanted[3], rel=1e-5)


def test_in_the_original_set_a_one_is_for_hidden(tmp_path: Path) -> None:
    values = joints()
    values[..., 2] = 0
    values[1, 3, 2] = 1
    people = Leeds(write(tmp_path, values.transpose(2, 1, 0), digits=4)).read()
    assert people.person_ids[0] == "im0001"
    assert people[1].labels.tolist() == [2, 2, 2, 1, *[2] * 10]
    assert people[0].labels.tolist() == [2] * 14


def test_who_is_left_out(tmp_path: Path) -> None:
    values = joints(5)
    values[0, :, 2] = 0
    values[2, 1:, 2] = 0
    root = write(tmp_path, values.transpose(1, 2, 0), images=4)
    with pytest.raises(DataError, match=r"im00005.jpg is annotated but not there \(1 images of 3"):
        Leeds(root).read()
    people = Leeds(root, missing="skip").read()
    assert people.person_ids == ["im00002", "im00004"]
    assert people.left_out == {
        "no labelled keypoint": 1,
        "box without extent": 1,
        "image not there": 1,
    }


def test_images_without_a_person(tmp_path: Path) -> None:
    root = write(tmp_path, joints(3).transpose(1, 2, 0), images=4)
    assert Leeds(root).read().remarks == ("images without a person: 1",)


def test_bad_files_are_one_line(tmp_path: Path) -> None:
    def message(values: np.ndarray) -> str:
        with pytest.raises(DataError) as caught:
            Leeds(write(tmp_path, values)).read()
        return str(caught.value).partition("joints.mat: ")[2]

    shapes = "expected 14 x 3 x N or 3 x 14 x N"
    assert message(joints().transpose(0, 1, 2)) == f"joints is 4 x 14 x 3; {shapes}"
    assert message(joints()[:, 1:].transpose(1, 2, 0)) == f"joints is 13 x 3 x 4; {shapes}"
    odd = joints().transpose(1, 2, 0)
    odd[5, 2, 3] = 3
    assert message(odd) == "joint 5 of person 4 is marked 3; expected 0 or 1"
    far = joints().transpose(1, 2, 0)
    far[5, 0, 1] = np.nan
    assert message(far).startswith("joint 5 of person 2 is at [nan, ")
    (tmp_path / "joints.mat").write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read as a MATLAB 5 file"):
        Leeds(tmp_path).read()


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no joints\.mat; expected Leeds Sports Pose"):
        Leeds(tmp_path).read()
    savemat(tmp_path / "joints.mat", {"joints": joints().transpose(1, 2, 0)})
    with pytest.raises(DataError, match="has no folder images"):
        Leeds(tmp_path).read()
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match=r"has no images im00001\.jpg"):
        Leeds(tmp_path).read()


def test_real_people(shared_data: Path) -> None:
    people = Leeds(shared_data / "lspet").read()
    assert len(people) == 9000
    assert people.left_out == {}
    assert (people.labels == 0).mean() == pytest.approx(0.1205, abs=1e-4)
    assert 10 < np.nanmedian(people.heads) < 40
