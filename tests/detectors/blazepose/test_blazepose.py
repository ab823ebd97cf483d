"""BlazePose as a whole: with networks that stand for its own, and beside MediaPipe itself."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from pose_files import real
from scipy.ndimage import label

from temporal_pose.detectors.blazepose import BlazePose, landmarks, model_files, spotting
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.pose.skeletons import remap, skeleton

WIDTH, HEIGHT = 320, 200


def frame(*people):
    """A person is a red spot, the hips, and a green one above; given by hips and size."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for x, y, size in people:
        for channel, place in enumerate(((x, y), (x, y - size))):
            far = np.hypot(columns - place[0], rows - place[1])
            image[..., channel] = np.maximum(image[..., channel], 255 * np.exp(-((far / 5) ** 2)))
    return image


def spots(image, channel):
    """Middles of the spots of a colour, (x, y) in pixels, from left to right."""
    bright = image[..., channel] > 0.5 * max(image[..., channel].max(), 1e-6)
    numbers, count = label(bright)
    places = [np.argwhere(numbers == n + 1).mean(0)[::-1] for n in range(count)]
    return sorted(map(tuple, places))


class Finder:
    """In place of the person detector: a person for each red spot."""

    def __init__(self):
        self.calls = 0

    def __call__(self, image):
        self.calls += 1
        numbers = np.zeros((2254, 12), np.float32)
        logits = np.full((2254, 1), -50, np.float32)
        lit = image + 1
        if lit.max() > 1:
            for who, (hips, top) in enumerate(zip(spots(lit, 0), spots(lit, 1), strict=True)):
                anchor = 100 + 500 * who
                at = np.array([hips, (20, 20), hips, top, hips, hips], np.float32)
                at -= spotting._ANCHORS[anchor] * 224 * (np.arange(6) != 1)[:, None]
                numbers[anchor], logits[anchor] = at.reshape(-1), 3 - who
        return numbers, logits


class Landmarks:
    """In place of the landmark network: all landmarks at the red spot nearest to the middle."""

    def __call__(self, image):
        numbers = np.zeros((39, 5), np.float32)
        numbers[:, 3:] = 4
        there = image.max() > 0.2
        if there:
            hips = min(spots(image, 0), key=lambda spot: np.hypot(*(np.array(spot) - 128)))
            top = min(spots(image, 1), key=lambda spot: np.hypot(*(np.array(spot) - (128, 26))))
            numbers[:, :2] = hips
            numbers[34, :2] = top
        heatmaps = np.full((64, 64, 39), -9, np.float32)
        rows, columns = np.mgrid[:64, :64]
        for k, (x, y) in enumerate(numbers[:, :2] / 4):
            heatmaps[..., k] = 4 - ((columns - x) ** 2 + (rows - y) ** 2)
        flag = np.array([0.9 if there else 0.1], np.float32)
        return numbers.reshape(-1), flag, image[..., :1], heatmaps.clip(-50), numbers[:, 0]


@pytest.fixture
def detector(monkeypatch):
    monkeypatch.setattr("temporal_pose.detectors.blazepose.needs", lambda *_: None)
    monkeypatch.setattr(
        "temporal_pose.detectors.blazepose.models",
        lambda _: {model_files.FINDER: b"", model_files.LANDMARKS: b""},
    )
    kinds = {model_files.FINDER: Finder, model_files.LANDMARKS: Landmarks}
    monkeypatch.setattr(
        "temporal_pose.detectors.blazepose.Network", lambda name, *_: kinds[name]()
    )
    return BlazePose()


def walk(step, size=60):
    return frame((60 + 3 * step, 130, size))


def test_a_person_is_followed_without_another_search(detector):
    people = detector(np.stack([walk(step) for step in range(12)]), Tracker())
    assert detector.finder.calls == 1
    for step, (person,) in enumerate(people):
        assert person.keypoints.shape == (25, 2)
        assert person.heatmaps.shape == (25, 64, 64)
        np.testing.assert_allclose(person.keypoints, [[60 + 3 * step, 130]] * 25, atol=1.5)
        assert (person.scores > 0.95).all()
        assert person.box[2:] == pytest.approx([150, 150], rel=0.1)


def test_one_who_leaves_is_lost_and_found_again(detector):
    frames = [walk(0), walk(1), frame(), frame(), walk(2), walk(3)]
    people = [seen[0] for seen in detector(np.stack(frames), Tracker())]
    assert [person is None for person in people] == [False, False, True, True, False, False]
    assert detector.finder.calls == 3, "the first frame, and two in which somebody was missing"


def test_two_people_side_by_side_stay_apart(detector):
    frames = [frame((90 + step, 130, 60), (150 - step, 135, 60)) for step in range(9)]
    people = detector(np.stack(frames), Tracker(people="all", every=4))
    for step, (first, second) in enumerate(people):
        np.testing.assert_allclose(first.keypoints[0], [90 + step, 130], atol=2.5)
        np.testing.assert_allclose(second.keypoints[0], [150 - step, 135], atol=2.5)


def test_a_third_who_comes_later_is_followed_when_it_is_searched_for(detector):
    frames = [frame((60, 130, 60))] * 3 + [frame((60, 130, 60), (230, 130, 60))] * 6
    people = detector(np.stack(frames), Tracker(people="all", every=5))
    assert [len(seen) for seen in people] == [1] * 5 + [2] * 4
    np.testing.assert_allclose(people[-1][1].keypoints[0], [230, 130], atol=2)


def test_an_interruption_changes_nothing(detector):
    frames = np.stack([walk(step) for step in range(9)])
    tracker = Tracker()
    whole = [seen[0] for seen in detector(frames, tracker)]
    places = np.array([person.place for person in whole])
    rest = Tracker()
    rest.resume(places[:5, None])
    detector.resume([whole[4].memory])
    for seen, before in zip(detector(frames[5:], rest), whole[5:], strict=True):
        np.testing.assert_array_equal(seen[0].keypoints, before.keypoints)
        np.testing.assert_array_equal(seen[0].heatmaps, before.heatmaps)
        np.testing.assert_array_equal(seen[0].memory, before.memory)
    assert detector.finder.calls == 1


def test_keypoints_that_it_does_not_see():
    with pytest.raises(ConfigError) as refusal:
        BlazePose(skeleton="halpe26")
    assert str(refusal.value) == (
        "detector.skeleton 'halpe26' has head_top, which BlazePose does not see; expected "
        "climbalong25, blazepose33, or a YAML file of some of its landmarks"
    )


def test_values_out_of_range():
    with pytest.raises(ConfigError) as refusal:
        BlazePose(min_presence=1.5)
    assert str(refusal.value) == "detector.min_presence is 1.5; expected a number from 0 to 1"


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr("temporal_pose.detectors.protocol.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as refusal:
        BlazePose()
    assert str(refusal.value) == (
        "detector=blazepose needs ai_edge_litert, which pip install 'temporal-pose[blazepose]' "
        "adds"
    )


@pytest.mark.parametrize("content", [b"", b"hello" * 99])
def test_files_that_are_no_models(tmp_path, content):
    pytest.importorskip("ai_edge_litert", reason="the blazepose extra is not installed")
    for name in (model_files.FINDER, model_files.LANDMARKS):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"pose_detection\.tflite: cannot be read as a Li"):
        BlazePose(str(tmp_path))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The real model files, in a folder, where they can be had without a network."""
    pytest.importorskip("ai_edge_litert", reason="the blazepose extra is not installed")
    places = [
        place for place in (model_files._installed(), model_files._cache()) if place is not None
    ]
    known = [model_files._in_folder(place) for place in places]
    right = [content for content in known if model_files._right(content)]
    if not right:
        pytest.skip("BlazePose's models are not here; `detect detector=blazepose` fetches them")
    folder = tmp_path_factory.mktemp("models")
    for name, content in right[0].items():
        (folder / name).write_bytes(content)
    return folder


def test_another_model_is_refused(files, tmp_path):
    content = (files / model_files.FINDER).read_bytes()
    for name in (model_files.FINDER, model_files.LANDMARKS):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError) as refusal:
        BlazePose(str(tmp_path))
    assert str(refusal.value).startswith(
        f"{model_files.LANDMARKS}: is another model: it has 224 x 224 x 3, 2254 x 12, 2254 x 1; "
    )


@pytest.fixture(scope="module")
def video():
    pytest.importorskip("av", reason="the detect extra is not installed")
    from temporal_pose.footage.video import Video

    return Video(real("video/single_cam01.mp4"))


def test_nothing_is_written_to_the_terminal(files, capfd):
    BlazePose(str(files))
    assert capfd.readouterr() == ("", "")


#: Given a file of frames, writes MediaPipe's landmarks beside it. In a process of its own, for it
#: needs a protobuf that others do not go along with.
SCRIPT = """
import sys
import numpy
import mediapipe
frames = numpy.load(sys.argv[1])
with mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=False) as pose:
    seen = [pose.process(frame).pose_landmarks.landmark for frame in frames]
numpy.save(sys.argv[2], [[(one.x, one.y, one.visibility) for one in frame] for frame in seen])
"""


def test_it_sees_what_mediapipe_sees(files, video, tmp_path):
    """Within 2 px in the median, MediaPipe's smoothing of landmarks being off."""
    python = os.environ.get("TEMPORAL_POSE_MEDIAPIPE", sys.executable)
    there = subprocess.run([python, "-c", "import mediapipe.python"], capture_output=True)
    if there.returncode:
        pytest.skip(
            "mediapipe==0.10.14 is not installed; set TEMPORAL_POSE_MEDIAPIPE to a Python with it"
        )
    frames = np.stack([image for image, _ in zip(video.frames(), range(25), strict=False)])
    np.save(tmp_path / "frames.npy", frames)
    run = [python, "-c", SCRIPT, tmp_path / "frames.npy", tmp_path / "seen.npy"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = np.load(tmp_path / "seen.npy")
    detector = BlazePose(str(files), skeleton="blazepose33")
    ours = np.stack([seen[0].keypoints for seen in detector(frames, Tracker())])
    apart = np.linalg.norm(ours - theirs[..., :2] * video.size, axis=-1)
    assert np.median(apart) < 2
    assert np.median(apart[0]) < 1.5, "before one region could lead to another"


def test_it_agrees_with_openpose(files, video):
    """Share of keypoints within 20 % of the torso; a third of a second of it."""
    poses = []
    for number in range(20):
        path = real(f"formats/openpose_single/cam01.{number:04d}.json")
        people = json.loads(path.read_text())["people"]
        rows = [np.reshape(person["pose_keypoints_2d"], (-1, 3)) for person in people]
        poses.append(max(rows, key=lambda row: row[:, 2].sum()))
    theirs, seen = remap(
        np.array(poses), np.array(poses)[..., 2] > 0, skeleton("body25b"), skeleton("climbalong25")
    )
    frames = np.stack([image for image, _ in zip(video.frames(), range(20), strict=False)])
    ours = np.stack([found[0].keypoints for found in BlazePose(str(files))(frames, Tracker())])
    (a, b), _ = skeleton("climbalong25").torso
    torso = np.linalg.norm(theirs[:, a, :2] - theirs[:, b, :2], axis=-1)[:, None]
    near = np.linalg.norm(ours - theirs[..., :2], axis=-1) < 0.2 * torso
    assert near[seen].mean() > 0.95


def test_the_shapes_of_the_real_networks(files):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    detector = BlazePose(str(files), threads=1)
    assert detector.find(image) == []
    assert (detector.heatmap_size, landmarks.CELLS) == ((64, 64), 64)
