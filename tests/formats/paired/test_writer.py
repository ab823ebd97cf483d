"""Writing as it comes: round trips through zarr itself, interruptions, and refused values."""

import shutil
from pathlib import Path

import layouts
import numpy as np
import pytest
import zarr
from layouts import H, K, W

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.formats.paired.growing import CHUNK
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.skeletons import SKELETONS

N = 3 * CHUNK + 2  # frames
KNOWN = f"expected one of {', '.join(SKELETONS)}"
ABOUT = {"skeleton": "coco17", "fps": 30.0, "image_size": (1920, 1080)}
SETTINGS = {"source": "a.mp4", "weights": {"name": "w", "sizes": (3, 5)}}


def frames(start: int = 0, stop: int = N) -> dict[str, np.ndarray]:
    """Heatmaps, boxes and scores of some frames; whole numbers, exact in float16."""
    rng = np.random.default_rng(5)
    maps = rng.integers(-9, 200, (N, K, H, W)).astype(np.float32)
    boxes = rng.uniform(1, 9, (N, 4)).astype(np.float32)
    arrays = {"heatmaps": maps, "boxes": boxes, "scores": rng.random((N, K), np.float32)}
    return {name: array[start:stop] for name, array in arrays.items()}


def writer(path: Path, **changed: object) -> LayoutWriter:
    options = ABOUT | {"heatmap_size": (H, W), "settings": SETTINGS} | changed
    return LayoutWriter(path, **options)


@pytest.mark.parametrize("step", [1, 5, CHUNK, 2 * CHUNK + 1, N])
def test_what_is_written_is_read_by_zarr(tmp_path, step):
    path = tmp_path / "new" / "a.zarr"
    with writer(path) as out:
        for start in range(0, N, step):
            out.append(**frames(start, start + step))
            assert out.frames == min(start + step, N) // CHUNK * CHUNK
    group = zarr.open_group(path, mode="r")
    for name, expected in frames().items():
        np.testing.assert_array_equal(group[name][:], expected)
    assert group["heatmaps"].dtype == np.float16
    assert group["heatmaps"].chunks == (CHUNK, K, H, W)
    assert group["heatmaps"].compressors[0].to_dict()["name"] == "zstd"
    attributes = group.attrs.asdict()
    expected = ABOUT | {"image_size": [1920, 1080], "frames": N}
    expected["settings"] = {"source": "a.mp4", "weights": {"name": "w", "sizes": [3, 5]}}
    assert {name: attributes[name] for name in expected} == expected
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_written_is_read_by_the_reader(tmp_path):
    arrays = frames()
    arrays |= {"truth": np.ones((N, K, 2)), "visible": np.ones((N, K), bool)}
    arrays["boxes"][3] = np.nan
    arrays["heatmaps"][3] = np.nan
    arrays["truth"][2, 1], arrays["visible"][2, 1] = np.nan, False
    with writer(tmp_path / "a.zarr") as out:
        out.append(**arrays)
    video = load(tmp_path / "a.zarr")
    assert not video.visible[2, 1]
    kept = np.delete(np.arange(N), 3)
    np.testing.assert_array_equal(video.heatmaps.raw(kept), arrays["heatmaps"][kept])
    assert not video.heatmaps.read(np.array([3])).any()


def test_keypoints_alone(tmp_path):
    seen = layouts.with_detections()["detections"]
    seen[2, 3] = np.nan
    with writer(tmp_path / "a.zarr", heatmap_size=None) as out:
        out.append(detections=seen[:4])
        out.append(detections=seen[4:])
    np.testing.assert_array_equal(load(tmp_path / "a.zarr").detections, seen)


def test_uint8_keeps_each_map_to_a_255th_of_its_peak(tmp_path):
    arrays = frames()
    arrays["heatmaps"] = arrays["heatmaps"] * np.float32(0.013)
    arrays["heatmaps"][1, 2] = -5
    with writer(tmp_path / "a.zarr", dtype="uint8") as out:
        out.append(**arrays)
    found = load(tmp_path / "a.zarr").heatmaps
    assert found.looks.dtype == np.uint8
    positive = arrays["heatmaps"].clip(0)
    step = positive.max((2, 3), keepdims=True) / 255
    assert (np.abs(found.raw(np.arange(N)) - positive) <= 0.5 * step + 1e-6).all()
    assert not found.raw(np.array([1]))[0, 2].any()


def test_float32_is_exact(tmp_path):
    arrays = frames()
    arrays["heatmaps"] = arrays["heatmaps"] / np.float32(3)
    with writer(tmp_path / "a.zarr", dtype="float32") as out:
        out.append(**arrays)
    found = load(tmp_path / "a.zarr").heatmaps.raw(np.arange(N))
    np.testing.assert_array_equal(found, arrays["heatmaps"])


@pytest.mark.parametrize("written", [CHUNK - 1, CHUNK, 2 * CHUNK + 3])
def test_an_interrupted_writer_goes_on_after_its_last_whole_chunk(tmp_path, written):
    path = tmp_path / "a.zarr"
    writer(path).append(**frames(0, written))
    assert not path.exists()
    again = writer(path, resume=True)
    assert again.frames == written // CHUNK * CHUNK
    again.append(**frames(again.frames))
    again.close()
    group = zarr.open_group(path, mode="r")
    for name, expected in frames().items():
        np.testing.assert_array_equal(group[name][:], expected)


def test_an_exception_leaves_what_can_be_resumed(tmp_path):
    with pytest.raises(KeyboardInterrupt), writer(tmp_path / "a.zarr") as out:
        out.append(**frames())
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr.part"]
    assert writer(tmp_path / "a.zarr", resume=True).frames == 3 * CHUNK


def test_killed_while_closing(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    out = writer(path)
    out.append(**frames())
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        out.close()
    monkeypatch.undo()
    again = writer(path, resume=True)
    assert again.frames == 3 * CHUNK
    again.append(**frames(again.frames))
    again.close()
    np.testing.assert_array_equal(
        zarr.open_group(path, mode="r")["heatmaps"][:], frames()["heatmaps"]
    )


def test_frames_that_were_half_written_are_written_again(tmp_path):
    path = tmp_path / "a.zarr"
    writer(path).append(**frames(0, 2 * CHUNK))
    part = zarr.open_group(tmp_path / "a.zarr.part")
    part["heatmaps"][CHUNK : 2 * CHUNK] = 7
    part.attrs["frames"] = CHUNK
    with writer(path, resume=True) as again:
        assert again.frames == CHUNK
        again.append(**frames(CHUNK))
    found = zarr.open_group(path, mode="r")["heatmaps"][:]
    np.testing.assert_array_equal(found, frames()["heatmaps"])


def test_without_resume_what_was_left_is_thrown_away(tmp_path):
    writer(tmp_path / "a.zarr").append(**frames(0, 2 * CHUNK))
    assert writer(tmp_path / "a.zarr").frames == 0


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "no frames"])
def test_resuming_what_has_nothing_of_use(tmp_path, left):
    part = tmp_path / "a.zarr.part"
    if left == "an empty folder":
        part.mkdir()
    elif left == "no frames":
        writer(tmp_path / "a.zarr").append(**frames(0, 3))
    assert writer(tmp_path / "a.zarr", resume=True).frames == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"settings": {"source": "b.mp4"}}, r"was begun with settings \{.*\}, not \{'source': "),
        ({"fps": 25.0}, "was begun with fps 30.0, not 25.0; remove it to start again, or give"),
        ({"dtype": "uint8"}, "was begun with dtype float16, not uint8"),
        ({"skeleton": "mpii16"}, "was begun with skeleton coco17, not mpii16"),
        ({"heatmap_size": (W, H)}, r"was begun with heatmap_size \[5, 7\], not \[7, 5\]"),
    ],
)
def test_other_settings_are_not_resumed(tmp_path, changed, message):
    writer(tmp_path / "a.zarr").append(**frames(0, CHUNK))
    with pytest.raises(DataError, match=rf"a.zarr.part: {message}"):
        writer(tmp_path / "a.zarr", resume=True, **changed)


@pytest.mark.parametrize("frames_said", [None, "8", -8, 8.0, True, 10**12, [8]])
def test_a_number_of_frames_that_lies_is_not_gone_on_from(tmp_path, frames_said):
    writer(tmp_path / "a.zarr").append(**frames(0, 2 * CHUNK))
    zarr.open_group(tmp_path / "a.zarr.part").attrs["frames"] = frames_said
    with pytest.raises(DataError, match=r"a.zarr.part: cannot be resumed \(.*\); remove it to st"):
        writer(tmp_path / "a.zarr", resume=True)


def somebodys(path: Path, kind: str) -> None:
    """What this package did not write, in its way."""
    if kind == "a folder":
        path.mkdir()
        (path / "photo.jpg").write_text("x")
    elif kind == "a file":
        path.write_text("x")
    elif kind == "a group":
        zarr.create_group(path, attributes={"frames": 3})
    elif kind == "a link":
        (path.parent / "elsewhere").mkdir()
        (path.parent / "elsewhere" / "photo.jpg").write_text("x")
        path.symlink_to(path.parent / "elsewhere")
    else:
        path.symlink_to(path.parent / "nowhere")


SOMEBODYS = ("a folder", "a file", "a group", "a link", "a dangling link")


@pytest.mark.parametrize("kind", SOMEBODYS)
@pytest.mark.parametrize("resume", [True, False])
def test_what_somebody_else_put_in_the_way_is_kept(tmp_path, kind, resume):
    somebodys(tmp_path / "a.zarr.part", kind)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=r"a.zarr.part( is in the way, and nothing sho|: cannot)"):
        writer(tmp_path / "a.zarr", resume=resume)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", SOMEBODYS)
def test_only_what_was_written_here_is_replaced(tmp_path, kind):
    somebodys(tmp_path / "a.zarr", kind)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(
        DataError, match=r"a.zarr was not written by this package; remove it or ch"
    ):
        writer(tmp_path / "a.zarr", overwrite=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_unfinished_file_says_so(tmp_path):
    writer(tmp_path / "a.zarr").append(**frames(0, CHUNK))
    (tmp_path / "a.zarr.part" / "zarr.json").write_text("{")
    with pytest.raises(DataError, match=r"a.zarr.part: cannot be resumed \(.*\); remove it to st"):
        writer(tmp_path / "a.zarr", resume=True)


def test_a_finished_file_is_replaced_only_when_asked_and_only_once_finished(tmp_path):
    path = tmp_path / "a.zarr"
    with writer(path) as out:
        out.append(**frames())
    with pytest.raises(DataError, match=r"a.zarr exists already; remove it, overwrite it, or ch"):
        writer(path)
    out = writer(path, overwrite=True)
    out.append(**frames(0, 3))
    assert len(load(path)) == N
    out.close()
    assert len(load(path)) == 3


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"heatmaps": None}, "'heatmaps' is missing; expected heatmaps and boxes: see"),
        ({"boxes": None}, "'boxes' is missing; expected heatmaps and boxes: see"),
        (
            {"heatmaps": np.zeros((N, K, W, H))},
            r"'heatmaps' is of shape \(26, 17, 7, 5\); expected \(26, 17, 5, 7\), F > 0",
        ),
        ({"boxes": np.ones((2, 4))}, r"'boxes' is of shape \(2, 4\); expected \(26, 4\), F > 0"),
        ({"truth": np.ones((N, K, 2))}, "'truth' is without 'visible' or the reverse; expected"),
        (
            {"truth": np.ones((N, K, 2)), "visible": np.ones((N, K))},
            "'visible' is float64; expected bool",
        ),
        ({"heatmaps": np.full((N, K, H, W), 7e4)}, "'heatmaps' is 70000 for keypoint 0 of frame"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, changed, message):
    arrays = {n: a for n, a in (frames() | changed).items() if a is not None}
    with pytest.raises(DataError, match=message):
        writer(tmp_path / "a.zarr").append(**arrays)
    assert not (tmp_path / "a.zarr").exists()


def test_values_are_refused_by_the_number_of_their_frame(tmp_path):
    out = writer(tmp_path / "a.zarr")
    out.append(**frames(0, CHUNK + 1))
    arrays = frames(CHUNK + 1)
    arrays["heatmaps"][2, 3, 0, 0] = np.nan
    message = rf"'heatmaps' is nan for keypoint 3 of frame {CHUNK + 3}; expected finite numbers"
    with pytest.raises(DataError, match=message):
        out.append(**arrays)


def test_the_arrays_are_the_same_every_time(tmp_path):
    out = writer(tmp_path / "a.zarr")
    out.append(**frames(0, CHUNK))
    arrays = {name: a for name, a in frames(CHUNK).items() if name != "scores"}
    message = "was begun with boxes, heatmaps, scores; expected the same arrays in every frame"
    with pytest.raises(DataError, match=message):
        out.append(**arrays)
    other = writer(tmp_path / "b.zarr")
    other.append(**frames(0, 2))
    with pytest.raises(DataError, match=message):
        other.append(**arrays)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"skeleton": "coco"}, f"skeleton 'coco' is unknown; {KNOWN}"),
        ({"dtype": "float64"}, "dtype is 'float64'; expected one of float16, float32, uint8"),
        ({"fps": 0}, r"fps is 0; expected a positive number"),
        ({"image_size": (3, -1)}, r"image_size is \(3, -1\); expected 2 positive numbers"),
        ({"heatmap_size": (0, 3)}, r"heatmap_size is \(0, 3\); expected 2 positive numbers"),
    ],
)
def test_what_is_said_of_the_file_is_checked_first(tmp_path, changed, message):
    with pytest.raises(ConfigError, match=message):
        writer(tmp_path / "a.zarr", **changed)
    assert not list(tmp_path.iterdir())


def test_names_and_empty_files(tmp_path):
    with pytest.raises(DataError, match=r"a.h5: cannot be written; expected a name that ends in"):
        writer(tmp_path / "a.h5")
    with pytest.raises(DataError, match=r"a.zarr: no frame was written; expected at least one"):
        writer(tmp_path / "a.zarr").close()


def test_memory_does_not_grow_with_the_frames_written(tmp_path):
    out = writer(tmp_path / "a.zarr")
    for _ in range(4):
        out.append(**frames())
        assert out._waiting_frames < CHUNK
    out.close()
    assert len(load(tmp_path / "a.zarr")) == 4 * N
    shutil.rmtree(tmp_path / "a.zarr")
