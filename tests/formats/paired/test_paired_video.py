"""Files of both kinds: what is read of them, and each thing that can be wrong with one."""

import pickle
import shutil
from pathlib import Path

import layouts
import numpy as np
import pytest
import zarr
from layouts import CHUNK, F, H, K, W, npz, with_detections, with_heatmaps, zarr_group
from torch.utils.data import DataLoader

from temporal_pose.errors import DataError
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS

COCO17 = SKELETONS["coco17"]
KNOWN = f"expected one of {', '.join(SKELETONS)}"

KINDS = {
    "npz": lambda path, arrays: npz(path.with_suffix(".npz"), arrays),
    "zarr2": lambda path, arrays: zarr_group(path, arrays, 2),
    "zarr3": lambda path, arrays: zarr_group(path, arrays, 3),
    "zarr2 arrays": lambda path, arrays: zarr_group(path, arrays, 2, attributes=False),
    "zarr3 arrays": lambda path, arrays: zarr_group(path, arrays, 3, attributes=False),
}


@pytest.fixture(params=KINDS)
def write(request, tmp_path):
    """Writes a file, in each of the formats in turn."""
    return lambda **arrays: KINDS[request.param](tmp_path / "video.zarr", arrays)


def test_everything_but_heatmaps_is_read_at_once(write):
    arrays = with_heatmaps()
    video = load(write(**arrays))
    for name in ("truth", "visible", "boxes", "scores"):
        np.testing.assert_array_equal(getattr(video, name), arrays[name])
    assert (video.fps, video.image_size, video.skeleton) == (60.0, (1920, 1080), COCO17)
    assert (len(video), video.detections) == (F, None)
    assert video.heatmaps.looks == ((F, K, H, W), np.float32)


def test_heatmaps_of_some_frames_in_any_order(write):
    maps = with_heatmaps()["heatmaps"]
    heatmaps = load(write(**with_heatmaps())).heatmaps
    frames = np.array([9, 0, 4, 4, 10, 3])
    np.testing.assert_array_equal(heatmaps.read(frames), maps[frames])
    ours = heatmaps.in_skeleton(CLIMBALONG25)
    found = ours.read(frames)
    assert found.dtype == np.float32
    for name in ("nose", "left_ear", "right_wrist", "right_ankle"):
        expected = maps[frames, COCO17.index(name)]
        np.testing.assert_array_equal(found[:, CLIMBALONG25.index(name)], expected)
    assert not found[:, CLIMBALONG25.index("left_toes")].any()
    assert ours.read(np.arange(0)).shape == (0, 25, H, W)
    np.testing.assert_array_equal(heatmaps.raw(np.arange(F)), maps)


def test_another_process_opens_the_file_again(write):
    heatmaps = load(write(**with_heatmaps())).heatmaps
    first = heatmaps.read(np.array([5]))
    again = pickle.dumps(heatmaps)
    assert len(again) < 4000  # the path, not what was read
    np.testing.assert_array_equal(pickle.loads(again).read(np.array([5])), first)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_worker_that_was_forked_from_a_reading_process(tmp_path):
    maps = with_heatmaps()["heatmaps"]
    heatmaps = load(zarr_group(tmp_path / "video.zarr", with_heatmaps())).heatmaps
    heatmaps.read(np.array([1]))
    frames = [np.array([9, 2]), np.array([4])]
    options = {"batch_size": None, "num_workers": 1, "multiprocessing_context": "fork"}
    loader = DataLoader(frames, collate_fn=heatmaps.read, timeout=60, **options)
    for given, found in zip(frames, loader, strict=True):
        np.testing.assert_array_equal(np.asarray(found)[:, 0], maps[given, 0])


@pytest.mark.parametrize("shape", [(), (F, 1), (F, K)], ids=["one", "a frame", "a map"])
def test_uint8_is_multiplied_by_its_scale(write, shape):
    steps = np.random.default_rng(1).integers(0, 256, (F, K, H, W)).astype(np.uint8)
    scale = np.random.default_rng(2).uniform(0.1, 2, shape).astype(np.float32)
    given = scale[:, 0] if shape == (F, 1) else scale
    video = load(write(**with_heatmaps(heatmaps=steps, heatmap_scale=given)))
    expected = steps * np.broadcast_to(scale, (F, K))[..., None, None]
    np.testing.assert_allclose(video.heatmaps.raw(np.arange(F)), expected, rtol=1e-6)
    nose = video.heatmaps.read(np.array([8, 2]))[:, 0]
    np.testing.assert_allclose(nose, expected[[8, 2], 0], rtol=1e-6)


def test_float16_becomes_single_precision(write):
    maps = with_heatmaps()["heatmaps"]
    found = load(write(**with_heatmaps(heatmaps=maps.astype(np.float16)))).heatmaps
    assert found.looks.dtype == np.float16
    np.testing.assert_array_equal(found.raw(np.arange(F)), maps)
    assert found.raw(np.arange(2)).dtype == np.float32


def test_nobody_is_a_box_of_nan_and_its_heatmaps_mean_nothing(write):
    arrays = with_heatmaps()
    arrays["boxes"][4:6] = np.nan
    arrays["heatmaps"][4:6] = np.nan
    found = load(write(**arrays)).heatmaps
    maps = found.read(np.array([6, 5, 3]))
    assert maps.any((1, 2, 3)).tolist() == [True, False, True]
    assert not found.read(np.array([4, 5])).any()


def test_detections_without_heatmaps(write):
    arrays = with_detections()
    arrays["detections"][3, 2, :2] = np.nan
    video = load(write(**arrays))
    np.testing.assert_array_equal(video.detections, arrays["detections"])
    assert (video.boxes, video.heatmaps, len(video)) == (None, None, F)


def changed(name, index, value):
    """Arrays of heatmaps, or of detections, with one value put in."""
    arrays = with_detections() if name == "detections" else with_heatmaps()
    arrays[name][index] = value
    return arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (with_heatmaps(boxes=None), "'boxes' is missing; expected boxes beside heatmaps, x, y, "),
        (layouts.about(), "'detections' is missing; expected detections, or heatmaps with boxes"),
        (with_heatmaps(fps=None), "'fps' is missing; expected one of truth, visible, fps, "),
        (with_heatmaps(fps=0), "'fps' is 0; expected a positive number"),
        (with_heatmaps(fps=[1, 2]), r"'fps' is \[1, 2\]; expected a positive number"),
        (with_heatmaps(visible=None), "'visible' is missing; expected one of truth, visible"),
        (
            with_heatmaps(skeleton="coco"),
            f"'skeleton' is 'coco'; {KNOWN}",
        ),
        (
            with_heatmaps(heatmaps=np.zeros((F, 25, H, W), np.float32)),
            r"'heatmaps' is float32 of shape \(11, 25, 5, 7\); expected float32, float16 or uint8 "
            r"of shape \(11, 17, h, w\), F > 0",
        ),
        (
            with_heatmaps(heatmaps=np.zeros((F, K, H, W))),
            r"'heatmaps' is float64 of shape \(11, 17, 5, 7\); expected float32, float16 or uint8",
        ),
        (
            with_heatmaps(boxes=np.ones((7, 4))),
            r"'boxes' is float64 of shape \(7, 4\); expected number of shape \(11, 4\)",
        ),
        (
            with_heatmaps(scores=np.ones((F, 3))),
            r"'scores' is float64 of shape \(11, 3\); expected number of shape \(11, 17\)",
        ),
        (
            with_detections(detections=np.ones((F, K, 2))),
            r"'detections' is float64 of shape \(11, 17, 2\); expected number of shape "
            r"\(11, 17, 3\)",
        ),
        (
            with_detections(detections=np.ones((F, K, 3), bool)),
            r"'detections' is bool of shape \(11, 17, 3\); expected number of",
        ),
        (
            changed("boxes", (6, 2), 0),
            r"'boxes' is \[300.0, 200.0, 0.0, 50.0\] in frame 6; expected x, y and a width and "
            "height above 0, or NaN four times for nobody",
        ),
        (changed("boxes", (5, 3), -1), r"'boxes' is \[.*, -1.0\] in frame 5; expected x, y and"),
        (changed("boxes", (4, 0), np.nan), r"'boxes' is \[nan, 200.0, .*\] in frame 4; expected"),
        (changed("boxes", (4, 1), np.inf), r"'boxes' is \[300.0, inf, .*\] in frame 4; expected"),
        (
            changed("detections", (9, 16, 0), np.inf),
            r"'detections' is \[inf, 509.0, 510.0\] for keypoint 16 of frame 9; expected finite "
            "pixels and score, or NaN where the keypoint was not detected",
        ),
        (
            changed("detections", (9, 16, 2), np.nan),
            r"'detections' is \[508.0, 509.0, nan\] for keypoint 16 of frame 9; expected finite",
        ),
        (changed("scores", (3, 5), np.nan), "'scores' is nan for keypoint 5 of frame 3; expected"),
        (
            with_heatmaps(heatmaps=np.zeros((F, K, H, W), np.uint8)),
            "'heatmap_scale' is missing; expected what one step of the uint8 heatmaps stands for",
        ),
        (
            with_heatmaps(heatmap_scale=np.ones(F)),
            r"'heatmap_scale' is float64 of shape \(11,\) beside float32; expected one of \(\), "
            r"\(11,\), \(11, 17\) beside uint8",
        ),
        (
            with_heatmaps(heatmaps=np.zeros((F, K, H, W), np.uint8), heatmap_scale=np.ones(K)),
            r"'heatmap_scale' is float64 of shape \(17,\) beside uint8; expected one of",
        ),
        (
            with_heatmaps(heatmaps=np.zeros((F, K, H, W), np.uint8), heatmap_scale=[-1.0] * F),
            "'heatmap_scale' is negative or not finite; expected numbers from 0",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "zarr3"])
def test_what_can_be_wrong(tmp_path, kind, arrays, message):
    path = KINDS[kind](tmp_path / "video.zarr", arrays)
    with pytest.raises(
        DataError, match=rf"^{path}: {message}.*: see temporal_pose.formats.paired$"
    ):
        load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_heatmaps_that_are_not_finite_name_frame_and_keypoint(write, value):
    arrays = with_heatmaps()
    at = COCO17.index("left_knee")
    arrays["heatmaps"][8, at, 2, 3] = value
    path = write(**arrays)
    found = load(path).heatmaps
    found.read(np.array([7, 9]))
    message = f"{path}: 'heatmaps' is {value} for keypoint {at} of frame 8; expected finite"
    for read in (found.read, found.raw):
        with pytest.raises(DataError, match=message):
            read(np.array([7, 8, 9]))


def test_large_values_are_finite(write):
    arrays = with_heatmaps()
    arrays["heatmaps"][2] = np.finfo(np.float32).max
    assert np.isfinite(load(write(**arrays)).heatmaps.read(np.array([2]))).all()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", ["heatmaps", "truth", "visible", "boxes"])
def test_a_chunk_that_is_missing_is_an_error_not_zeros(tmp_path, version, name):
    path = zarr_group(tmp_path / "video.zarr", with_heatmaps(), version)
    array = zarr.open_group(path, mode="r")[name]
    key = f"{name}/" + array.metadata.encode_chunk_key((1, *[0] * (array.ndim - 1)))
    (path / key).unlink()
    message = f"^{path}: '{key}' is missing; copy the file again, or, if zarr left the chunk out"
    with pytest.raises(DataError, match=message):
        load(path)


def test_a_chunk_is_missed_when_it_is_read_too(tmp_path):
    path = zarr_group(tmp_path / "video.zarr", with_heatmaps())
    heatmaps = load(path).heatmaps
    (path / "heatmaps/c/2/0/0/0").unlink()
    heatmaps.read(np.arange(2 * CHUNK))
    with pytest.raises(DataError, match=r"'heatmaps/c/2/0/0/0' is missing"):
        heatmaps.read(np.array([2 * CHUNK]))


def test_zarr_may_leave_out_what_shows_nobody(tmp_path):
    arrays = with_heatmaps()
    arrays["boxes"][CHUNK : 2 * CHUNK] = np.nan
    path = zarr_group(tmp_path / "video.zarr", arrays)
    (path / "heatmaps/c/1/0/0/0").unlink()
    found = load(path).heatmaps.read(np.arange(F))
    assert found.any((1, 2, 3)).sum() == F - CHUNK


@pytest.mark.parametrize("version", [2, 3])
def test_keypoints_may_have_chunks_of_their_own(tmp_path, version):
    arrays = with_heatmaps()
    maps = arrays.pop("heatmaps")
    path = zarr_group(tmp_path / "video.zarr", arrays, version)
    group = zarr.open_group(path)
    group.create_array("heatmaps", data=maps, chunks=(2, 4, H, 3))
    np.testing.assert_array_equal(load(path).heatmaps.raw(np.array([0, 1, 6])), maps[[0, 1, 6]])


def test_shards(tmp_path):
    arrays = with_heatmaps()
    maps = arrays.pop("heatmaps")
    path = zarr_group(tmp_path / "video.zarr", arrays)
    zarr.open_group(path).create_array(
        "heatmaps", data=maps, chunks=(2, K, H, W), shards=(4, K, H, W)
    )
    np.testing.assert_array_equal(load(path).heatmaps.raw(np.array([1, 9])), maps[[1, 9]])
    (path / "heatmaps/c/2/0/0/0").unlink()
    with pytest.raises(DataError, match=r"'heatmaps/c/2/0/0/0' is missing"):
        load(path)


@pytest.mark.parametrize("kept", [0, 20, -1])
def test_a_chunk_that_was_cut_off(tmp_path, kept):
    path = zarr_group(tmp_path / "video.zarr", with_heatmaps())
    heatmaps = load(path).heatmaps
    file = path / "heatmaps/c/2/0/0/0"
    file.write_bytes(file.read_bytes()[:kept])
    message = rf"^{path}: cannot be read as .zarr \(.*\); copy or download the file again$"
    with pytest.raises(DataError, match=message):
        heatmaps.read(np.array([7]))


@pytest.mark.parametrize("file", ["zarr.json", "heatmaps/zarr.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"zarr_format": 9}'])
def test_metadata_that_are_damaged(tmp_path, file, text):
    path = zarr_group(tmp_path / "video.zarr", with_heatmaps())
    (path / file).write_text(text)
    with pytest.raises(DataError, match=rf"^{path}: cannot be read as .zarr \(") as error:
        load(path)
    assert "\n" not in str(error.value)


def test_what_is_no_group(tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    (tmp_path / "file.zarr").write_bytes(b"PK")
    zarr.create_array(tmp_path / "array.zarr", data=np.zeros(3))
    for name in ("empty", "file", "array"):
        with pytest.raises(DataError, match=rf"{name}.zarr: cannot be read as .zarr \("):
            load(tmp_path / f"{name}.zarr")


def test_an_attribute_cannot_be_heatmaps(tmp_path):
    path = zarr_group(tmp_path / "video.zarr", with_detections())
    zarr.open_group(path).attrs["heatmaps"] = 3
    with pytest.raises(DataError, match=r"'heatmaps' is int64 of shape \(\); expected float32"):
        load(path)


def test_a_store_that_disappears(tmp_path: Path):
    path = zarr_group(tmp_path / "video.zarr", with_heatmaps())
    heatmaps = load(path).heatmaps
    shutil.rmtree(path)
    with pytest.raises(DataError, match=r"video.zarr: '.*' is missing"):
        heatmaps.read(np.array([1]))
