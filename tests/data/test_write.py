"""Files written from arrays, and truth added to a detector's output, by the command."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import layouts
import numpy as np
import pytest
from layouts import F, K

from temporal_pose.data import write
from temporal_pose.formats.paired import LayoutWriter
from temporal_pose.formats.paired.growing import GrowingStore
from temporal_pose.formats.paired.paired_video import load
from temporal_pose.pose.skeletons import SKELETONS

KNOWN = f"expected one of {', '.join(SKELETONS)}"
ABOUT = ("--fps", "60", "--image-size", "1920", "1080", "--skeleton", "coco17")


def saved(folder: Path, arrays: dict[str, object]) -> list[str]:
    """Arguments that name an .npy file of each array."""
    arguments = []
    for name in ("heatmaps", "boxes", "scores", "detections", "truth", "visible"):
        if name in arrays:
            np.save(folder / f"{name}.npy", arrays[name])
            arguments += [f"--{name}", str(folder / f"{name}.npy")]
    return arguments


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of an error."""
    with pytest.raises(SystemExit) as end:
        write.main([str(argument) for argument in arguments])
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err.removeprefix("error: ").rstrip()


def same(path: Path, arrays: dict[str, object]) -> None:
    """A file holds these arrays."""
    video = load(path)
    for name in ("truth", "visible", "boxes", "scores", "detections"):
        found, expected = getattr(video, name), arrays.get(name)
        assert (found is None) == (expected is None)
        if found is not None:
            np.testing.assert_array_equal(found, expected)
    if "heatmaps" in arrays:
        np.testing.assert_array_equal(video.heatmaps.raw(np.arange(F)), arrays["heatmaps"])
    assert (video.fps, video.image_size, video.skeleton.name) == (60, (1920, 1080), "coco17")


@pytest.mark.parametrize("arrays", [layouts.with_heatmaps(), layouts.with_detections()])
def test_arrays(tmp_path, capsys, monkeypatch, arrays):
    monkeypatch.setattr(write, "_PIECE", 4)
    out = tmp_path / "a.zarr"
    write.main([str(out), *saved(tmp_path, arrays), *ABOUT])
    assert capsys.readouterr().out == f"{out}: 11 frames\n"
    same(out, arrays)


def test_visible_is_where_the_truth_is_finite(tmp_path):
    arrays = layouts.with_detections()
    arrays["truth"][3, 5, 1] = np.nan
    del arrays["visible"]
    write.main([str(tmp_path / "a.zarr"), *saved(tmp_path, arrays), *ABOUT])
    video = load(tmp_path / "a.zarr")
    assert np.argwhere(~video.visible).tolist() == [[3, 5]]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_truth_beside_what_a_detector_wrote(tmp_path, capsys, dtype):
    arrays = layouts.with_heatmaps()
    arrays["boxes"][5] = np.nan
    settings = {"source": "a.mp4", "weights": [1, 2]}
    video = {"skeleton": "coco17", "fps": 60.0, "image_size": (1920, 1080)}
    size = arrays["heatmaps"].shape[2:]
    seen = {name: arrays[name] for name in ("heatmaps", "boxes", "scores")}
    detected = tmp_path / "detected.zarr"
    options = {"dtype": dtype, "settings": settings, "heatmap_size": size}
    with LayoutWriter(detected, **video, **options) as writer:
        writer.append(**seen)
    out = tmp_path / "a.zarr"
    truth = saved(tmp_path, {name: arrays[name] for name in ("truth", "visible")})
    write.main([str(out), "--detected", str(detected), *truth])
    arrays["heatmaps"][5] = 0
    found = load(out).heatmaps
    found = found.raw(np.arange(F))
    np.testing.assert_array_equal(found, arrays["heatmaps"])
    same(out, arrays)
    assert load(out).heatmaps.looks.dtype == dtype
    assert write.provenance(out) == settings
    assert capsys.readouterr().out == f"{out}: 11 frames\n"


def test_npz_becomes_zarr(tmp_path, capsys):
    arrays = layouts.with_heatmaps()
    npz = layouts.npz(tmp_path / "a.npz", arrays)
    write.main([str(tmp_path / "a.zarr"), "--detected", str(npz)])
    same(tmp_path / "a.zarr", arrays)
    del arrays["truth"], arrays["visible"]
    npz = layouts.npz(tmp_path / "b.npz", arrays)
    write.main([str(tmp_path / "b.zarr"), "--detected", str(npz), "--dtype", "uint8"])
    assert load(tmp_path / "b.zarr").truth is None
    assert capsys.readouterr().out.endswith("b.zarr: 11 frames, without truth\n")


@pytest.mark.parametrize(
    ("changed", "arguments", "message"),
    [
        ({"truth": np.ones((7, K, 2))}, ABOUT, "'truth' has 7 frames; expected 11 as the others"),
        ({"heatmaps": np.ones((F, K, 3))}, ABOUT, r"heatmaps.npy: has shape \(11, 17, 3\); exp"),
        ({"boxes": None}, ABOUT, "'boxes' is missing; expected heatmaps and boxes: see"),
        ({"boxes": np.zeros((F, 4))}, ABOUT, r"'boxes' is \[0.0, 0.0, 0.0, 0.0\] in frame 0; exp"),
        ({"visible": np.ones((F, K))}, ABOUT, "'visible' is float64; expected bool"),
        ({"scores": np.ones((F, 3))}, ABOUT, r"'scores' has shape \(11, 3\); expected \(11, 17\)"),
        ({}, (), "--fps is not given; expected it with arrays"),
        (
            {},
            (*ABOUT, "--skeleton", "coco"),
            f"skeleton 'coco' is unknown; {KNOWN}",
        ),
        ({}, (*ABOUT, "--fps", "0"), "fps is 0.0; expected a positive number"),
        ({"heatmaps": None, "boxes": None}, ABOUT, "expected --heatmaps with --boxes, --detec"),
        ({}, (*ABOUT, "--truth", "none.npy"), r"none.npy: cannot be read as .npy \("),
        ({}, ("--detected", "a.npz"), "--heatmaps is given beside --detected, which holds it"),
    ],
)
def test_what_is_refused(tmp_path, capsys, changed, arguments, message):
    out = tmp_path / "a.zarr"
    given = saved(tmp_path, layouts.with_heatmaps(**changed))
    assert re.search(message, refused(capsys, out, *given, *arguments))
    assert not out.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"detections": np.ones((250, 16, 3)), "truth": None, "visible": None},
            r"^'detections' has shape \(250, 16, 3\); expected \(250, 17, 3\), for there are 250 "
            r"frames, and coco17 has 17 keypoints$",
        ),
        ({"truth": np.ones((F, K, 2)) + 1j}, "'truth' is complex128; expected number: see"),
        ({"truth": np.full((F, K, 2), 1e300)}, r"'truth' is \[inf, inf\] for keypoint 0 of frame"),
        ({"detections": np.full((F, K, 3), "1")}, "'detections' is <U1; expected number: see"),
        ({"truth": np.array(3.0), "visible": None}, "'truth' has 0 frames; expected 11 as the"),
    ],
)
def test_a_refusal_leaves_nothing_behind(tmp_path, capsys, changed, message):
    given = saved(tmp_path, layouts.with_detections(**changed))
    before = sorted(tmp_path.iterdir())
    assert re.search(message, refused(capsys, tmp_path / "a.zarr", *given, *ABOUT))
    assert sorted(tmp_path.iterdir()) == before


def test_what_went_wrong_late_leaves_nothing_behind(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(write, "_PIECE", 8)
    arrays = layouts.with_detections(detections=np.ones((3 * F, K, 3)), truth=None, visible=None)
    arrays["detections"][-1, 3, 0] = np.inf
    message = refused(capsys, tmp_path / "a.zarr", *saved(tmp_path, arrays), *ABOUT)
    assert "for keypoint 3 of frame 32; expected finite" in message
    assert [path.name for path in tmp_path.iterdir()] == ["detections.npy"]


def test_a_full_disk_is_one_line(tmp_path, capsys, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "c/0/0")

    monkeypatch.setattr(GrowingStore, "append", full)
    arguments = [*saved(tmp_path, layouts.with_detections()), *ABOUT]
    message = refused(capsys, tmp_path / "a.zarr", *arguments)
    assert message == "No space left on device (c/0/0); make room there, or choose another path"
    assert not list(tmp_path.glob("*.zarr*"))


def test_an_archive_is_no_array(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", truth=np.ones((F, K, 2)))
    given = saved(tmp_path, layouts.with_detections(truth=None, visible=None))
    message = refused(capsys, tmp_path / "a.zarr", *given, *ABOUT, "--truth", tmp_path / "a.npz")
    assert "a.npz: cannot be read as .npy (an archive of arrays; expected one, as" in message


@pytest.mark.parametrize(("text", "fps"), [("60000/1001", 60000 / 1001), ("29.97", 29.97)])
def test_a_frame_rate_may_be_a_fraction(tmp_path, text, fps):
    given = [*saved(tmp_path, layouts.with_detections()), *ABOUT, "--fps", text]
    write.main([str(tmp_path / "a.zarr"), *given])
    assert load(tmp_path / "a.zarr").fps == fps


@pytest.mark.parametrize("text", ["60/0", "sixty", "nan", "1/2/3", ""])
def test_other_words_are_no_frame_rate(capsys, text):
    with pytest.raises(SystemExit):
        write.main(["a.zarr", "--fps", text])
    expected = f"'{text}' is no frame rate; expected a number such as 29.97, or a fraction such as"
    assert expected in capsys.readouterr().err


def test_no_output_stands_among_the_inputs(tmp_path, capsys):
    arguments = [*saved(tmp_path, layouts.with_detections()), *ABOUT]
    out = tmp_path / "a.zarr"
    write.main([str(out), *arguments])
    message = refused(capsys, out, "--detected", out, "--overwrite")
    assert message == f"{out} would be written over {out}; choose another out="
    assert len(load(out)) == F


def test_a_finished_file_is_kept(tmp_path, capsys):
    arguments = [*saved(tmp_path, layouts.with_detections()), *ABOUT]
    write.main([str(tmp_path / "a.zarr"), *arguments])
    assert "a.zarr exists already; remove" in refused(capsys, tmp_path / "a.zarr", *arguments)
    write.main([str(tmp_path / "a.zarr"), *arguments, "--overwrite"])


def test_as_it_is_typed(tmp_path):
    command = [sys.executable, "-m", "temporal_pose.data.write", str(tmp_path / "a.zarr")]
    command += [*saved(tmp_path, layouts.with_heatmaps()), *ABOUT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert load(tmp_path / "a.zarr").truth is not None
