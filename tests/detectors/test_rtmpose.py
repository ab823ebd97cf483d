"""SimCC networks from an ONNX file, one that the test makes."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the dev extra is not installed")
pytest.importorskip("onnxruntime", reason="the rtmpose extra is not installed")

from simcc import directions, write

from temporal_pose.detectors.rtmpose import RTMPose
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.errors import CheckpointError, ConfigError


def frame(*places: np.ndarray, size: tuple[int, int] = (320, 240), spot: int = 9) -> np.ndarray:
    """A grey picture with a spot of colour k about each keypoint k."""
    image = np.full((size[1], size[0], 3), 128, np.uint8)
    for people in places:
        colours = 128 + 110 * directions(len(people))
        for (x, y), colour in zip(people.astype(int), colours, strict=True):
            image[y - spot // 2 : y + spot // 2 + 1, x - spot // 2 : x + spot // 2 + 1] = colour
    return image


def body(keypoints: int = 17, x: float = 100, y: float = 40, scale: float = 1) -> np.ndarray:
    """Keypoints in rows of four, 24 pixels apart."""
    number = np.arange(keypoints)
    return np.stack([x + 24 * scale * (number % 4), y + 32 * scale * (number // 4)], 1)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return str(write(tmp_path_factory.mktemp("onnx") / "pose.onnx"))


@pytest.mark.parametrize(
    ("keypoints", "skeleton"), [(17, "coco17"), (26, "halpe26"), (133, "wholebody133")]
)
def test_the_skeleton_is_known_by_the_number_of_keypoints(tmp_path, keypoints, skeleton):
    detector = RTMPose(str(write(tmp_path / "pose.onnx", keypoints)))
    assert (detector.skeleton, detector.heatmap_size) == (skeleton, None)


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_keypoints_are_in_image_pixels(tmp_path, ratio):
    detector = RTMPose(str(write(tmp_path / "pose.onnx", ratio=ratio)), min_score=0.2)
    truth = body()
    ((person,),) = detector(frame(truth)[None], Tracker())
    np.testing.assert_allclose(person.keypoints, truth, atol=5)
    assert person.scores.shape == (17,)
    assert (person.scores > 0.9).all()
    assert person.heatmaps is None
    low, high = truth.min(0), truth.max(0)
    np.testing.assert_allclose(person.box, [*low, *(high - low)], atol=10)


def test_the_box_follows_the_person(network):
    """And the closer look is more exact than that at the whole frame."""
    detector = RTMPose(network, min_score=0.2)
    steps = [body(x=60 + 4 * step, scale=0.6) for step in range(9)]
    found = detector(np.stack([frame(one, spot=7) for one in steps]), Tracker())
    for (person,), truth in zip(found, steps, strict=True):
        np.testing.assert_allclose(person.keypoints, truth, atol=4.5)


def test_nobody(network):
    detector = RTMPose(network, min_score=0.2)
    grey = np.full((3, 90, 120, 3), 128, np.uint8)
    assert detector(grey, Tracker()) == [[None]] * 3


def test_one_who_leaves_is_lost(network):
    detector = RTMPose(network, min_score=0.2)
    frames = np.stack([frame(body()), frame(), frame(), frame(body())])
    seen = [people[0] is not None for people in detector(frames, Tracker(patience=1))]
    assert seen == [True, False, False, True]


def finder(image):
    """Finds two people, left and right of the middle of the picture."""
    people = []
    for half in (0, 160):
        rows, columns = np.nonzero((image[:, half : half + 160] != 128).any(-1))
        if len(rows):
            low, high = (columns.min() + half, rows.min()), (columns.max() + half, rows.max())
            people.append([*low, high[0] - low[0], high[1] - low[1], 0.9])
    return np.array(people)


def test_a_finder_shows_several_people(network):
    detector = RTMPose(network, min_score=0.2, finder=finder)
    left, right = body(x=20, y=60), body(x=200, y=50)
    (people,) = detector(frame(left, right)[None], Tracker(people="all"))
    assert len(people) == 2
    for person, truth in zip(people, (left, right), strict=True):
        np.testing.assert_allclose(person.keypoints, truth, atol=5)


def test_an_interruption_changes_nothing(network):
    frames = np.stack([frame(body(x=60 + 5 * step)) for step in range(7)])
    whole = [people[0] for people in RTMPose(network, min_score=0.2)(frames, Tracker())]
    rest, tracker = RTMPose(network, min_score=0.2), Tracker()
    tracker.resume(np.stack([person.box for person in whole[:4]])[:, None])
    rest.resume([whole[3].memory])
    for (person,), before in zip(rest(frames[4:], tracker), whole[4:], strict=True):
        np.testing.assert_array_equal(person.keypoints, before.keypoints)


def test_an_unusual_number_of_keypoints_needs_a_skeleton(tmp_path):
    path = str(write(tmp_path / "pose.onnx", 13))
    with pytest.raises(ConfigError) as refusal:
        RTMPose(path)
    assert str(refusal.value) == (
        "detector.weights has 13 keypoints, and there is no usual skeleton of as many; set "
        "detector.skeleton to a name or a YAML file"
    )
    assert RTMPose(path, skeleton="penn13").skeleton == "penn13"
    with pytest.raises(ConfigError) as refusal:
        RTMPose(path, skeleton="coco17")
    assert str(refusal.value) == (
        "detector.skeleton 'coco17' has 17 keypoints, the detector 13; set it to the one that the "
        "weights were trained for"
    )


def test_files_that_are_no_such_network(tmp_path):
    with pytest.raises(ConfigError, match=r"detector\.weights is not set; add detector\.weights="):
        RTMPose()
    with pytest.raises(CheckpointError, match=r"'none\.onnx' does not exist; expected NAME\.onnx"):
        RTMPose("none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"hello")
    with pytest.raises(CheckpointError, match=r"bad\.onnx: cannot be read as an ONNX network"):
        RTMPose(str(tmp_path / "bad.onnx"))
    with pytest.raises(CheckpointError) as refusal:
        RTMPose(str(write(tmp_path / "one.onnx", outputs=1)))
    assert str(refusal.value) == (
        f"{tmp_path / 'one.onnx'}: gives (1, 17, 96); expected SimCC's two outputs (1, K, columns "
        "of x) and (1, K, rows of y) for an input of 48 x 64"
    )


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr("temporal_pose.detectors.protocol.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as refusal:
        RTMPose("pose.onnx")
    assert str(refusal.value) == (
        "detector=rtmpose needs onnxruntime, which pip install 'temporal-pose[rtmpose]' adds"
    )
