"""The account of a file: its numbers, and a line for each file that is bad."""

import subprocess
import sys
from pathlib import Path

import layouts
import numpy as np
import pytest
from layouts import F, K

from temporal_pose.data import check
from temporal_pose.formats.paired.inspection import inspect
from temporal_pose.formats.paired.paired_video import load

SIZE = (9, 13)  # rows and columns of heatmaps
BOX = np.float32([300, 200, 260, 90])  # 20 image pixels a column, 10 a row


def scene(**changed: object) -> dict[str, object]:
    """One peak a map, and a truth that is 3 pixels beside it."""
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(2, 7, (F, K)), rng.integers(2, 11, (F, K))
    yy, xx = np.mgrid[: SIZE[0], : SIZE[1]]
    away = (yy - rows[..., None, None]) ** 2 + (xx - columns[..., None, None]) ** 2
    places = np.stack([columns + 0.5, rows + 0.5], -1) * [20, 10] + BOX[:2]
    fields = {"heatmaps": np.exp(-away / 2).astype(np.float32), "boxes": np.tile(BOX, (F, 1))}
    fields["truth"] = (places + np.array([0, 3])).astype(np.float32)
    return layouts.with_heatmaps(**fields | changed)


def run(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, str, str]:
    status = 0
    try:
        check.main([str(path) for path in paths])
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("kind", ["npz", "zarr"])
def test_heatmaps_are_decoded_and_compared_with_the_truth(tmp_path, kind):
    arrays = scene()
    arrays["boxes"][2] = np.nan
    arrays["heatmaps"][3, 5] = -1
    arrays["visible"][4, 6] = False
    write = layouts.npz if kind == "npz" else layouts.zarr_group
    found = inspect(load(write(tmp_path / f"a.{kind}", arrays)))
    assert found.nobody == 1
    assert found.sums["detected"].sum() == (F - 1) * K - 1
    assert found.sums["known"].sum() == F * K - 1
    assert found.sums["both"][6] == F - 2
    assert found.mean("distance", "both") == pytest.approx(3, abs=1e-3)
    assert found.mean("share", "both") == pytest.approx(3 / 260, abs=1e-5)
    assert found.mean("outside", "boxed") == 0
    scores = np.delete(arrays["scores"], 2, 0)
    scores[2, 5] = 0
    assert found.mean("score", "detected") == pytest.approx(scores.sum() / ((F - 1) * K - 1))
    assert found.doubts == []


def test_keypoints_are_compared_with_their_own_boxes(tmp_path):
    arrays = layouts.with_detections()
    seen = np.random.default_rng(0).uniform(100, 900, (F, K, 3)).astype(np.float32)
    seen[4, 3] = np.nan
    seen[5, 1:] = np.nan
    truth = seen[..., :2] + np.float32([3, 4])
    arrays |= {"detections": seen, "truth": truth, "visible": np.isfinite(truth).all(-1)}
    found = inspect(load(layouts.npz(tmp_path / "a.npz", arrays)))
    assert found.nobody == 1  # one point makes no box
    assert found.sums["detected"].sum() == F * K - 1 - (K - 1)
    assert found.mean("distance", "both") == pytest.approx(5, abs=1e-3)
    assert 0 < found.mean("share", "both") < 5 / 500


def test_the_account(tmp_path, capsys):
    layouts.zarr_group(tmp_path / "a.zarr", scene())
    layouts.npz(tmp_path / "b.npz", scene(truth=None, visible=None, scores=None))
    status, out, err = run(capsys, tmp_path)
    assert (status, err) == (0, "")
    about = "11 frames: 60 fps, 1920 x 1080, coco17, heatmaps of 9 x 13, float32"
    assert out.splitlines()[:2] == [f"1 file, {about}", f"1 file, {about}, no truth"]
    assert out.splitlines()[-1] == "2 files, nothing wrong"
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.split()}
    assert rows["a.zarr"][:7] == ["11", "0", "0.55", "0.0", "%", "3.0", "1.2"]
    assert rows["b.npz"][:6] == ["11", "0", "-", "-", "-", "-"]
    assert rows["wrist"] == ["0.0", "%", "50.0", "%", "3.0", "1.2", "%"]
    assert max(map(len, out.splitlines())) <= 110


def test_bad_files_are_named_in_a_line_each_and_the_good_ones_shown(tmp_path, capsys):
    layouts.npz(tmp_path / "good.npz", scene())
    arrays = scene()
    arrays["heatmaps"][8, 2, 4, 4] = np.nan
    layouts.npz(tmp_path / "nan.npz", arrays)
    cut = layouts.zarr_group(tmp_path / "cut.zarr", scene())
    (cut / "heatmaps/c/1/0/0/0").write_bytes(b"")
    layouts.npz(tmp_path / "size.npz", scene(fps=None))
    status, out, err = run(capsys, tmp_path, tmp_path / "none")
    assert status == 1
    lines = err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"error: {cut}: cannot be read as .zarr (")
    assert f"{tmp_path / 'nan.npz'}: 'heatmaps' is nan for keypoint 2 of frame 8;" in lines[1]
    assert f"{tmp_path / 'size.npz'}: 'fps' is missing; expected" in lines[2]
    assert "none' is not a folder; expected files of the paired layout" in lines[3]
    assert "good.npz" in out
    assert "nothing wrong" not in out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"truth": np.zeros((F, K, 2), np.float32)},
            "100% of the truth lies outside the detector's boxes; expected boxes of x, y, width, ",
        ),
        (
            {"image_size": np.array([100, 100])},
            "100% of the detections lie outside the image of 100 x 100; expected pixels",
        ),
        (
            {"heatmaps": np.zeros((F, K, *SIZE), np.float32)},
            "nothing was detected in any frame",
        ),
        (
            {"scores": np.full((F, K), 87, np.float32)},
            "scores are above 1.5; expected about 0 to 1, as networks are trained on",
        ),
    ],
)
def test_numbers_that_mean_something_else(tmp_path, capsys, changed, message):
    path = layouts.npz(tmp_path / "a.npz", scene(**changed))
    status, out, err = run(capsys, path)
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(f"error: {path}: {message}")
    assert "a.npz" in out


def test_small_maps_and_uint8(tmp_path, capsys):
    steps = np.random.default_rng(0).integers(0, 255, (F, K, 3, 4)).astype(np.uint8)
    arrays = scene(heatmaps=steps, heatmap_scale=np.ones(F, np.float32))
    layouts.zarr_group(tmp_path / "a.zarr", arrays)
    status, out, _ = run(capsys, tmp_path / "a.zarr")
    assert status == 0
    assert "heatmaps of 3 x 4, uint8" in out


def test_as_it_is_typed(tmp_path):
    layouts.zarr_group(tmp_path / "a.zarr", scene())
    command = [sys.executable, "-m", "temporal_pose.data.check", str(tmp_path / "a.zarr")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 file, nothing wrong" in done.stdout


def test_the_real_files(shared_data, capsys):
    """Three files are known to be out of step, and no other is said to be."""
    status, out, err = run(capsys, shared_data / "aist_gbr")
    assert status == 1
    said = {line.split("_ch")[1][:2]: line for line in err.splitlines()}
    assert err.count("_c05_") == err.count("\n") == len(said) == 3
    assert "the detections come 269 frames (4.48 s) after their truth" in said["01"]
    for dance in ("03", "06"):
        assert "the detections come 91 frames (1.52 s) before their truth" in said[dance]
    assert "45 files, 32,400 frames: 60 fps, 1920 x 1080, coco17, keypoints" in out
