"""TRC in pixels, as Sports2D writes it, and what is refused because it is none."""

import re
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from tabular import clip_of, moved, people, read, rewritten, with_pose

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised
from temporal_pose.pose.skeletons import SKELETONS

TRC = named("trc")
MARKERS = ["Hip", "RKnee", "LBigToe", "Head", "LShoulder"]
KEYS = (
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
    "OrigNumFrames"
)


def sports2d(values, units="m", rate="29.97", depth=0.0, markers=MARKERS, tail="\t\t\t"):
    """The text of a file of (F, K, 2) positions, in the manner of pandas' to_csv."""
    labels = [f"{axis}{i + 1}" for i in range(len(markers)) for axis in "XYZ"]
    lines = ["PathFileType\t4\t(X/Y/Z)\t/a path/demo_px_person00.trc", KEYS]
    lines += [f"{rate}\t{rate}\t{len(values)}\t{len(markers)}\t{units}\t{rate}\t0\t{len(values)}"]
    lines += ["Frame#\tTime\t" + "\t\t\t".join(markers) + tail, "\t\t" + "\t".join(labels)]
    for frame, pose in enumerate(values.tolist()):
        cells = [["", "", ""] if x != x else [str(x), str(y), str(depth)] for x, y in pose]
        lines.append("\t".join([str(frame), str(frame / 30), *chain.from_iterable(cells)]))
    return "\n".join([*lines, ""])


@pytest.fixture
def values():
    array = people(p=1)[:, 0, :, :2]
    array[2, 1] = array[4] = array[5, 4] = np.nan
    return array


@pytest.fixture
def path(values, tmp_path):
    file = tmp_path / "demo_px_person00.trc"
    file.write_text(sports2d(values))
    return file


def test_sports2d_calls_pixels_metres(path, values, tmp_path):
    assert recognised(path) is TRC
    clip, out = read(TRC, path), tmp_path / "out.trc"
    there = np.arange(7) != 4
    np.testing.assert_array_equal(clip.keypoints, values[there])
    assert np.isnan(clip.scores).all()
    assert (clip.fps, clip.frames.tolist()) == (29.97, [0, 1, 2, 3, 5, 6])
    np.testing.assert_array_equal(clip.times, np.array([0, 1, 2, 3, 5, 6]) / 30)
    assert clip.remarks == ("the header says m; its numbers are taken for pixels",)
    TRC.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()


def test_names_of_a_known_skeleton_become_its_own(path):
    skeleton = read(TRC, path).skeleton
    assert skeleton.keypoints == (
        "pelvis", "right_knee", "left_big_toe", "head_top", "left_shoulder",
    )  # fmt: skip
    own = replace(SKELETONS["halpe26"], name="mine", keypoints=tuple("abcde"), limbs=())
    assert read(TRC, path, skeleton=own, fps=50.0).skeleton is own
    assert read(TRC, path, fps=50.0).fps == 50


def test_other_names_stay_as_they_are(values, tmp_path):
    path = tmp_path / "a_px.trc"
    path.write_text(sports2d(values, markers=["C7", "RKnee", "my marker", "ü.1", "LSHO"]))
    assert read(TRC, path).skeleton.keypoints == ("C7", "RKnee", "my marker", "ü.1", "LSHO")


def test_beside_an_independent_reader(values, tmp_path):
    """trc-data-reader, which needs a file in which nothing is missing."""
    trc = pytest.importorskip("trc", reason="trc-data-reader is not installed")
    path, out, whole = tmp_path / "a_px.trc", tmp_path / "b.trc", np.nan_to_num(values, nan=7.5)
    path.write_text(sports2d(whole))
    clip = read(TRC, path)
    for positions, file in ((clip.keypoints, path), (clip.keypoints + 1.25, out)):
        TRC.write(out, [moved(clip)])
        found = trc.TRCData()
        found.load(str(file))
        for place, marker in enumerate(MARKERS):
            theirs = np.array(found[marker])
            np.testing.assert_array_equal(theirs[:, :2], positions[:, place])
            assert (theirs[:, 2] == 0).all()


def test_why_the_reader_is_our_own(values, tmp_path):
    """trc-data-reader puts what follows a missing marker in its place."""
    trc = pytest.importorskip("trc", reason="trc-data-reader is not installed")
    path = tmp_path / "a_px.trc"
    path.write_text(sports2d(values))
    found = trc.TRCData()
    found.load(str(path))
    assert found["RKnee"][2][:2] == values[2, 2].tolist()  # that of LBigToe


def test_missing_markers_can_be_filled_and_others_taken_away(path, values, tmp_path):
    clip, out = read(TRC, path), tmp_path / "out.trc"
    keypoints = clip.keypoints.copy()
    keypoints[2, 1], keypoints[0, 0] = (5.5, 6), np.nan
    again = rewritten(TRC, with_pose(replace(clip, keypoints=keypoints), 4, 8), out)
    expected = values.copy()
    expected[2, 1], expected[0, 0], expected[4] = (5.5, 6), np.nan, 8
    np.testing.assert_array_equal(again.keypoints, expected)
    lines = out.read_text().splitlines()
    assert lines[7].split("\t")[2:8] == [*map(str, [*values[2, 0], 0.0, 5.5, 6.0]), "0.0"]
    assert lines[9].split("\t")[2:] == ["8.0", "8.0", "0.0"] * 5
    same = [n for n, line in enumerate(sports2d(values).splitlines()) if line == lines[n]]
    assert same == [0, 1, 2, 3, 4, 6, 8, 10, 11]


@pytest.mark.parametrize(
    ("rate", "fps"), [("29.97", 29.97), ("30000/1001", 30000 / 1001), ("0", None), ("nan", None)]
)
def test_frame_rates(rate, fps, values, tmp_path):
    path = tmp_path / "a_px.trc"
    path.write_text(sports2d(values, "px", rate))
    clip = read(TRC, path)
    assert clip.fps == (None if fps is None else pytest.approx(fps, rel=1e-15))
    assert clip.remarks == ()


@pytest.mark.parametrize("ending", ["\r\n", "\n\n", "\t\n"])
def test_other_line_ends(ending, values, tmp_path):
    path, out = tmp_path / "a_px.trc", tmp_path / "out.trc"
    path.write_bytes(sports2d(values).replace("\n", ending, 99).encode())
    if ending == "\n\n":  # one blank line, below the header
        path.write_text(sports2d(values).replace("Z5\n", "Z5\n\n"))
    clip = read(TRC, path)
    assert len(clip) == 6
    TRC.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()


def test_markers_of_x_and_y_alone(tmp_path):
    path = tmp_path / "a.trc"
    about = f"PathFileType\t4\t(X/Y)\ta.trc\n{KEYS}\n25\t25\t2\t2\tpixels\t25\t1\t2\n"
    rows = "Frame#\tTime\tA\t\tB\t\n\t\tX1\tY1\tX2\tY2\n1\t0\t1\t2\t3\t4\n2\t.04\t5\t6\t\t\n"
    path.write_text(about + rows)
    clip = read(TRC, path)
    nan = np.nan
    np.testing.assert_array_equal(clip.keypoints, [[[1, 2], [3, 4]], [[5, 6], [nan, nan]]])
    assert clip.frames.tolist() == [1, 2]


def refused(text, tmp_path, name="a.trc"):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(DataError) as error:
        TRC.read(path, Given())
    assert str(error.value).startswith(str(path))
    return str(error.value).removeprefix(str(path))


def test_markers_in_space_are_refused(values, tmp_path):
    told = "as in Sports2D's NAME_px_person00.trc"
    space = " is 3D: Z is not 0 throughout; expected markers of a picture, in pixels, "
    assert refused(sports2d(values, "px", depth=0.1), tmp_path) == space + told
    for units, size in (("m", 0.005), ("mm", 1)):
        found = refused(sports2d(values * size, units), tmp_path)
        assert found == f" is in {units}, as its header says; expected pixels, {told}"
    assert refused(sports2d(values, "mm"), tmp_path).startswith(" is in mm,")


def test_far_from_the_origin_nobody_was_filmed_in_metres(values, tmp_path):
    path = tmp_path / "walk.trc"
    path.write_text(sports2d(values, "m"))
    assert read(TRC, path).remarks == ("the header says m; its numbers are taken for pixels",)


def test_what_is_refused(values, tmp_path):
    text = sports2d(values, "px")
    short = "expected 17, as in the header: the file may be cut short, or written with another"
    lines = text.splitlines(keepends=True)
    assert refused("".join(lines)[:-9], tmp_path).startswith(f", line 12: 16 cells; {short}")
    assert refused("".join(lines[:3]), tmp_path) == " has 3 lines; expected 5 of header, and poses"
    assert refused(text.replace("Frame#", "Bild"), tmp_path) == (
        ", line 4: expected 'Frame#', 'Time' and markers, parted by tabs"
    )
    assert refused(text.replace("\tLShoulder", "\t"), tmp_path) == (
        ", line 5: 4 markers and 15 coordinates; expected X, Y and Z of each"
    )
    assert refused(text.replace("\n3\t0.1", "\n2\t0.1"), tmp_path) == (
        ": frame 2 stands there twice; expected one pose a frame and person: remove one of them"
    )
    assert refused(text.replace("\n3\t0.1", "\nc\t0.1"), tmp_path) == (
        ", line 9: the frame is 'c'; expected a whole number"
    )


def test_a_file_from_nothing_but_poses(tmp_path):
    values, out = people(p=1), tmp_path / "new.trc"
    values[3, 0, 2, :2] = np.nan
    skeleton = replace(SKELETONS["coco17"], keypoints=tuple("abcde"), limbs=())
    clip = clip_of(values, np.array([3, 4, 5, 6, 7, 9, 10]), skeleton=skeleton, fps=25.0)
    found = rewritten(TRC, clip, out)
    np.testing.assert_array_equal(found.keypoints, clip.keypoints)
    assert found.frames.tolist() == clip.frames.tolist()
    assert (found.fps, found.skeleton.keypoints) == (25.0, tuple("abcde"))
    np.testing.assert_allclose(found.times, clip.frames / 25)
    with pytest.raises(
        DataError, match=re.escape(f"{out}: the frame rate is not known: set fps=")
    ):
        TRC.write(out, [replace(clip, fps=None)])
    two = clip_of(people(), fps=25.0)
    with pytest.raises(
        DataError, match=r"2 people; expected one, as TRC holds no more: choose one"
    ):
        TRC.write(out, [two])
