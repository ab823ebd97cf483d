"""Penn Action: tiny label files as the data set has them, and the data set itself."""

import re
import shutil
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from scipy.io import savemat

from temporal_pose.data.module import PoseData
from temporal_pose.data.penn_action import ACTIONS, PennAction
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS

PENN13 = SKELETONS["penn13"]

FRAMES = 7


def labels(**changed: object) -> dict[str, object]:
    """Fields of one label file, in the types of the data set's smallest files."""
    places = np.arange(FRAMES * 13).reshape(FRAMES, 13)
    fields = {
        "x": (places + 2).astype(np.uint8),
        "y": (places * 2 + 3).astype(np.uint8),
        "visibility": np.ones((FRAMES, 13), np.uint8),
        "action": "situp",
        "dimensions": np.array([[270, 480, FRAMES]], np.uint16),
        "nframes": np.array([[FRAMES]], np.uint8),
        "train": np.array([[-1]], np.int32),
        "bbox": np.zeros((FRAMES - 1, 4)),
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "labels").mkdir()
    return tmp_path


def write(root: Path, name: str = "0001", **changed: object) -> Path:
    path = root / "labels" / f"{name}.mat"
    savemat(path, labels(**changed))
    return path


def test_positions_count_from_zero_and_small_integers_do_not_wrap(root: Path) -> None:
    x = np.full((FRAMES, 13), 1, np.uint8)  # 1 - 1 = 0, and 0 - 1 would be 255
    x[0, 1] = 255
    write(root, x=x)
    (sequence,) = PennAction(root).read()
    shoulder = sequence.keypoints[:, PENN13.index("left_shoulder")]
    assert shoulder[0].tolist() == [254, (1 * 2 + 3) - 1]
    assert shoulder[1].tolist() == [0, (14 * 2 + 3) - 1]
    assert sequence.keypoints.dtype == np.float32


def test_a_sequence_says_what_the_file_says(root: Path) -> None:
    write(root, "0042")
    (sequence,) = PennAction(root, fps=25.0).read()
    assert (sequence.name, sequence.group, sequence.fps) == ("0042", "0042", 25.0)
    assert sequence.image_size == (480, 270)
    assert sequence.frames.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_head_counts_as_nose_and_keypoints_that_penn_lacks_are_not_visible(root: Path) -> None:
    write(root)
    (own,) = PennAction(root).read()
    assert (own.skeleton, own.visible.sum()) == (PENN13, 13 * len(own))
    sequence = own.in_skeleton(CLIMBALONG25)
    seen = {name for i, name in enumerate(CLIMBALONG25.keypoints) if sequence.visible[0, i]}
    assert seen == {"nose", *PENN13.keypoints[1:]}
    assert sequence.keypoints[2, 0].tolist() == [26 + 1, 52 + 2]


def test_invisible_and_placeholder_keypoints_are_zero_and_not_visible(root: Path) -> None:
    visibility, x, y = (np.asarray(labels()[n]).copy() for n in ("visibility", "x", "y"))
    visibility[3, 0] = 0
    x[4, 0] = y[4, 0] = 1
    write(root, visibility=visibility, x=x, y=y)
    (sequence,) = PennAction(root).read()
    assert sequence.visible[:, 0].tolist() == [True, True, True, False, False, True, True]
    assert not sequence.keypoints[3:5, 0].any()


def test_one_frame_is_enough(root: Path) -> None:
    one = {name: np.full((1, 13), 5.0) for name in ("x", "y", "visibility")}
    write(root, **one, nframes=np.array([[1]]), dimensions=np.array([[9, 9, 1]]))
    assert len(PennAction(root).read()[0]) == 1


def test_actions_are_chosen_and_the_folder_of_labels_is_a_root_too(root: Path) -> None:
    for number, action in enumerate(("situp", "bowl", "squat"), start=1):
        write(root, f"{number:04}", action=action, x=np.full((FRAMES, 13), number))
    assert [s.name for s in PennAction(root, "all").read()] == ["0001", "0002", "0003"]
    chosen = PennAction(root / "labels", ["squat", "situp"]).read()
    assert [s.name for s in chosen] == ["0001", "0003"]
    assert [s.name for s in PennAction(root, "bowl").read()] == ["0002"]


def test_unknown_action_names_the_choices() -> None:
    message = re.escape("data.actions has 'jumping'; expected \"all\" or a list of some of base")
    with pytest.raises(ConfigError, match=f"^{message}.*tennis_serve$"):
        PennAction("anywhere", ["situp", "jumping"])
    with pytest.raises(ConfigError, match=r"^data.actions has ''"):
        PennAction("anywhere", [])
    assert len(set(ACTIONS)) == 15


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan")])
def test_frame_rate_is_positive(fps: float) -> None:
    message = f"^data.assumed_fps is {fps}; expected a positive number$"
    with pytest.raises(ConfigError, match=message):
        PennAction("anywhere", fps=fps)


def test_missing_or_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^data.root '.*nowhere' is not a folder; .*labels/0001.mat"
    ):
        PennAction(tmp_path / "nowhere").read()
    with pytest.raises(DataError, match=r"^data.root '.*' has no file \*.mat; expected Penn Act"):
        PennAction(tmp_path).read()


def test_no_video_of_the_chosen_actions(root: Path) -> None:
    write(root)
    with pytest.raises(DataError, match=r"labels has no video of data.actions bowl, squat$"):
        PennAction(root, ["bowl", "squat"]).read()


@pytest.mark.parametrize("field", ["x", "y", "visibility", "action", "dimensions", "nframes"])
def test_missing_field(root: Path, field: str) -> None:
    write(root, "0001")
    write(root, "0002", **{field: None})
    with pytest.raises(DataError, match=rf"0002.mat: field '{field}' is missing; expected x, y,"):
        PennAction(root).read()


def test_rows_that_are_not_nframes(root: Path) -> None:
    write(root, nframes=np.array([[FRAMES + 4]], np.uint8))
    message = r"0001.mat: field 'x' is uint8 of shape \(7, 13\); expected numbers of shape \(11, "
    with pytest.raises(DataError, match=message):
        PennAction(root).read()


def test_wrong_shape_and_unknown_action_in_a_file(root: Path) -> None:
    path = write(root, visibility=np.ones((FRAMES, 11), np.uint8))
    with pytest.raises(DataError, match=r"'visibility' is uint8 of shape \(7, 11\); expected num"):
        PennAction(root).read()
    savemat(path, labels(action="juggling"))
    with pytest.raises(DataError, match=r"0001.mat: field 'action' is \['juggling'\]; expected o"):
        PennAction(root).read()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"nframes": 7.9}, r"field 'nframes' is \[\[7.9\]\]; expected whole numbers from 1: copy"),
        ({"nframes": np.inf}, r"field 'x' is uint8 of shape \(7, 13\); expected"),
        ({"dimensions": [[270, 480.5, 7]]}, r"field 'dimensions' is .*; expected whole numbers"),
        ({"dimensions": [[np.nan, 480, 7]]}, r"field 'dimensions' is .*; expected whole numbers"),
        ({"dimensions": [[0, 480, 7]]}, r"field 'dimensions' is .*; expected whole numbers"),
        ({"x": np.ones((7, 13)) + 5j}, r"field 'x' is complex128 of shape \(7, 13\); expected"),
        ({"nframes": 7 + 0j}, r"field 'x' is uint8 of shape \(7, 13\); expected"),
        ({"y": np.full((7, 13), "a", object)}, r"field 'y' is \|V1 of shape \(7, 13\); expected"),
    ],
)
def test_numbers_that_lie(root: Path, changed: dict[str, object], message: str) -> None:
    write(root, **changed)
    with pytest.raises(DataError, match=rf"0001.mat: {message}"):
        PennAction(root).read()


def test_a_file_that_ends_its_reader_is_named(root: Path) -> None:
    path = write(root)
    content = bytearray(path.read_bytes())
    content[145] ^= 8  # the name of the first field becomes longer than the file
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"0001.mat: .*\(whoever reads it is ended by SIG"):
        PennAction(root).read()


def test_a_visible_keypoint_without_a_place(root: Path) -> None:
    x = np.ones((FRAMES, 13)) * 9
    x[2, 0] = np.nan
    write(root, x=x)
    with pytest.raises(DataError, match=r"^0001: keypoint 0 of frame 3 is \[nan, "):
        PennAction(root).read()


@pytest.mark.parametrize("kept", [0, 3, 100, 130, 300, 0.5, 0.9])
def test_truncated_file_is_an_error_of_the_whole_set(root: Path, kept: float) -> None:
    write(root, "0001")
    path = write(root, "0002", y=np.full((FRAMES, 13), 9))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept < 1 else int(kept)])
    with pytest.raises(DataError, match=r"0002.mat: .*copy or download it again$"):
        PennAction(root).read()


def test_a_copy_under_another_name_is_refused(root: Path) -> None:
    path = write(root)
    shutil.copy(path, path.with_name("0001 (1).mat"))
    message = r"0001 \(1\).mat and .*0001.mat have the same content; remove one of them$"
    with pytest.raises(DataError, match=message):
        PennAction(root).read()


def test_the_real_data_set_loads_whole_and_quickly(shared_data: Path) -> None:
    start = perf_counter()
    sequences = PennAction(shared_data / "penn_action").read()
    assert perf_counter() - start < 10
    assert (len(sequences), sum(map(len, sequences))) == (2326, 163_841)
    invisible = sum((~s.visible).sum() for s in sequences) / (163_841 * 13)
    assert invisible == pytest.approx(0.2204, abs=1e-4)  # 469,501 of 2,129,933


def test_the_real_pretraining_actions(shared_data: Path) -> None:
    chosen = PennAction(shared_data / "penn_action", ["baseball_pitch", "bench_press", "situp"])
    assert len(chosen.read()) == 167 + 140 + 100


@pytest.mark.parametrize(("k", "pck"), [(1, (6.95, 25.7, 67.4)), (2, (1.84, 7.75, 29.3))])
def test_the_identity_of_the_finished_thesis(shared_data: Path, k: int, pck) -> None:
    """The noise of the finished thesis on its two actions, against its published figures.

    Its poses, most of them BRACE's, have a torso of 22.3 px on average. Penn Action's are smaller,
    so the thresholds are set in proportion; what is left is how much torsos differ.
    """
    made = PoseData(
        PennAction(shared_data / "penn_action", ["baseball_pitch", "bench_press"]),
        GaussianNoise(k, mean=0.0, std_px=2.95, rounded=True, keyed_by="frame"),
        Framing(margin=0.05, aspect="stretch"),
    )
    made.setup()
    windows = made.sides["train"]
    batch = made.prepare(windows[list(range(len(windows)))])
    assert 18 < batch.torso.mean() < 21
    away = (batch.observed.positions - batch.keypoints).norm(dim=-1)
    torso = batch.torso[..., None] * 22.3 / batch.torso.mean()
    shares = [(away <= a * torso)[batch.visible].double().mean() for a in (0.05, 0.1, 0.2)]
    assert [100 * float(share) for share in shares] == pytest.approx(pck, abs=1.5)
