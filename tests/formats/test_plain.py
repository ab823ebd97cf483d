"""Plain CSV: columns by name, cells that stay as they are, people, times and gaps."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tabular import (
    assert_same,
    clip_of,
    moved,
    people,
    read,
    rewritten,
    with_pose,
    without_file,
)  # fmt: skip

from temporal_pose.errors import DataError
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised
from temporal_pose.pose.skeletons import SKELETONS

CSV = named("csv")

GERMAN = (
    "\ufeffframe;person;time;Nase_x;Nase_y;Nase_score;note;l.knie_x;l.knie_y\r\n"
    '0;Anna;0,0;1,50;2,0;0,9;"a;""b""";;\r\n'
    "0;Bert;0,0;11,5;12,0;0,9;;3,25; 4 \r\n"
    "\r\n"
    "4;Anna;0,16;1,5;;0,9;ü;;\r\n"
    "2;Bert;0,08;7;8;1;;1e2;5\r\n"
)


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "größe 1.5.csv"
    path.write_bytes(GERMAN.encode())
    return path


def test_a_table_of_semicolons_and_decimal_commas(german):
    assert recognised(german) is CSV
    clip = read(CSV, german)
    nan = np.nan
    np.testing.assert_array_equal(
        clip.keypoints,
        [
            [[1.5, 2], [nan, nan]],
            [[11.5, 12], [3.25, 4]],
            [[1.5, nan], [nan, nan]],
            [[7, 8], [100, 5]],
        ],
    )
    np.testing.assert_array_equal(clip.scores, [[0.9, nan]] * 3 + [[1, nan]])
    assert clip.frames.tolist() == [0, 0, 4, 2]
    assert clip.ids.tolist() == [0, 1, 0, 1]
    assert clip.times.tolist() == [0, 0, 0.16, 0.08]
    assert clip.skeleton.keypoints == ("Nase", "l.knie")
    assert (clip.name, clip.normalised, clip.fps) == ("größe 1.5", False, None)


def test_what_nobody_changes_is_given_back_letter_by_letter(german, tmp_path):
    out = tmp_path / "out.csv"
    assert_same(rewritten(CSV, read(CSV, german), out), read(CSV, german))
    assert out.read_bytes() == GERMAN.encode()


def test_only_changed_cells_are_others(german, tmp_path):
    clip, out = read(CSV, german), tmp_path / "out.csv"
    keypoints = clip.keypoints.copy()
    keypoints[1, 0] = 13.125, np.nan
    CSV.write(out, [replace(clip, keypoints=keypoints)])
    assert out.read_bytes().decode() == GERMAN.replace(";11,5;12,0;", ";13,125;;")


def test_new_poses_go_behind_those_of_their_frame(german, tmp_path):
    clip, out = with_pose(with_pose(read(CSV, german), 2, 2.5, 0), -1, 3.5, 0), tmp_path / "o.csv"
    CSV.write(out, [clip])
    lines = out.read_bytes().decode().split("\r\n")
    assert lines[1] == "-1;Anna;-0,04;3,5;3,5;0,0;;3,5;3,5"
    assert lines[7:] == ["2;Anna;0,08;2,5;2,5;0,0;;2,5;2,5", ""]
    assert len(read(CSV, out)) == 6


def test_an_empty_row_of_the_frame_is_filled_instead(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("frame,x0,y0,s0,mood\n0,1,2,.5,sad\n1,,,,glad\n2,nan,NaN,,\n")
    clip = read(CSV, path)
    assert (clip.frames.tolist(), clip.rows.tolist()) == ([0], [0])
    CSV.write(out, [with_pose(with_pose(clip, 1, 5), 3, 6)])
    expected = "frame,x0,y0,s0,mood\n0,1,2,.5,sad\n1,5.0,5.0,0.0,glad\n2,nan,NaN,,\n"
    assert out.read_text() == expected + "3,6.0,6.0,0.0,\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_line_ends_and_encodings_stay(tmp_path, ending, encoding):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    rows = ["frame\tKörper_x\tKörper_y", "0\t1\t2", "1\t3.50\t4"]
    path.write_bytes(ending.join(rows).encode(encoding))
    assert recognised(path) is CSV
    clip = read(CSV, path)
    assert clip.skeleton.keypoints == ("Körper",)
    CSV.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()
    again = rewritten(CSV, moved(clip), out)
    np.testing.assert_array_equal(again.keypoints, clip.keypoints + 1.25)
    assert_same(rewritten(CSV, with_pose(clip, 2, 9), out), read(CSV, out))
    assert len(read(CSV, out)) == 3


def test_columns_go_by_their_names_in_any_order(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "y_1,frame,bbox_x,bbox_y,x_1,left hip.y,left hip.x,left hip.conf\n2,5,0,0,1,4,3,.5\n"
    )
    clip = read(CSV, path)
    np.testing.assert_array_equal(clip.keypoints, [[[1, 2], [3, 4]]])
    np.testing.assert_array_equal(clip.scores, [[np.nan, 0.5]])


def test_numbered_keypoints_come_in_the_order_of_their_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("frame,x2,y2,x10,y10,x0,y0\n0,5,6,7,8,1,2\n")
    clip = read(CSV, path)
    np.testing.assert_array_equal(clip.keypoints, [[[1, 2], [5, 6], [7, 8]]])
    assert clip.skeleton is None


def test_known_names_make_a_known_skeleton_and_a_given_one_goes_before(tmp_path):
    path, coco = tmp_path / "a.csv", SKELETONS["coco17"]
    names = ",".join(f"{name.upper()}_x,{name.upper()}_y" for name in coco.keypoints)
    path.write_text(f"frame,{names}\n3,{','.join(map(str, range(34)))}\n")
    assert read(CSV, path).skeleton is coco
    assert read(CSV, path, skeleton=SKELETONS["h36m17"]).skeleton is SKELETONS["h36m17"]
    with pytest.raises(DataError, match=r"17 keypoints a pose; skeleton 'lsp14' has 14"):
        read(CSV, path, skeleton=SKELETONS["lsp14"])
    given = read(CSV, path, fps=25.0, image_size=(640, 480))
    assert (given.fps, given.image_size) == (25.0, (640, 480))


def test_shares_of_the_image_are_told_and_left_alone(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("frame,x0,y0\n0,0.1,0.3\n1,0.7,1.2\n2,0,0\n3,1e9,0.5\n" + "4,0.2,0.2\n" * 9)
    clip = read(CSV, path)
    assert clip.normalised
    assert clip.keypoints[3, 0].tolist() == [1e9, 0.5]
    size = np.array([640, 480])
    pixels = {"normalised": False, "image_size": (640, 480), "keypoints": clip.keypoints * size}
    CSV.write(out, [replace(clip, **pixels)])
    assert out.read_bytes() == path.read_bytes()
    CSV.write(out, [replace(clip, **{**pixels, "keypoints": clip.keypoints * size + 48})])
    np.testing.assert_allclose(read(CSV, out).keypoints[1, 0], [0.775, 1.3], rtol=1e-12)
    with pytest.raises(DataError, match="a: positions have to be scaled by the size of the image"):
        CSV.write(out, [replace(clip, normalised=False)])


@pytest.mark.parametrize(
    ("name", "cells", "seconds"),
    [
        ("time", ["0", "0.04", "0.09"], [0, 0.04, 0.09]),
        ("timestamp_ms", ["0", "40", "90"], [0, 0.04, 0.09]),
        ("Timestamp (ms)", ["0", "40", "90"], [0, 0.04, 0.09]),
        ("timestamp", ["1000", "1040", "1090"], [1, 1.04, 1.09]),
        ("t [us]", ["0", "40000", "90000"], [0, 0.04, 0.09]),
        ("time", ["0", "40000000", "90000000"], [0, 0.04, 0.09]),
        ("seconds", ["0", "5", "90"], [0, 5, 90]),
    ],
)
def test_time_stamps_are_seconds_whatever_they_count_by(tmp_path, name, cells, seconds):
    path = tmp_path / "a.csv"
    rows = "".join(f"{cell},1,{place}\n" for place, cell in enumerate(cells))
    path.write_text(f"{name},hip_x,hip_y\n{rows}")
    clip = read(CSV, path)
    np.testing.assert_allclose(clip.times, seconds, rtol=1e-12)
    assert (clip.frames.tolist(), clip.remarks) == ([0, 1, 2], ())


def test_times_that_are_none_are_left_out_with_a_remark(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("frame,time,x0,y0\n0,10:01,1,2\n1,10:02,1,2\n")
    clip = read(CSV, path)
    assert clip.times is None
    assert clip.remarks == (
        f"times were not read: {path}, line 2: cell 2 is '10:01'; expected a number, or nothing "
        "for what is missing",
    )
    path.write_text("frame,time,x0,y0\n0,1,1,2\n1,1,1,2\n")
    assert read(CSV, path).remarks == (
        "times were not read: they do not increase from frame to frame",
    )


def test_frames_that_are_there_twice_are_remarked_where_others_are_not(tmp_path):
    path = tmp_path / "a.csv"
    line = "is in more than one row: without a column 'person' these are taken for several people"
    rows = ["frame,x0,y0", *(f"{frame},1,2" for frame in (0, 1, 1, 2, 3, 4, 4))]
    path.write_text("\n".join(rows))
    assert read(CSV, path).remarks == (f"frame 1, and 1 more, {line}",)
    path.write_text("\n".join(rows[:-1]))
    assert read(CSV, path).remarks == (f"frame 1 {line}",)
    path.write_text("\n".join([rows[0], *rows[1:] * 2]))  # people, though nobody says whose
    assert read(CSV, path).remarks == ()


@pytest.mark.parametrize("times", [True, False])
def test_a_file_from_nothing_but_poses(tmp_path, times):
    values = people()
    values[2, 1] = np.nan
    values[3, 0, 2, :2] = np.nan
    skeleton = replace(SKELETONS["coco17"], keypoints=("a", "b c", "d,e", 'f"g', "ü"), limbs=())
    seconds = np.repeat(np.arange(7) / 25, 2) if times else None
    frames = np.array([0, 1, 2, 5, 6, 7, 90])
    clip = clip_of(values, frames, skeleton=skeleton, times=seconds)
    found = rewritten(CSV, clip, tmp_path / "a.csv")
    there = np.arange(14) != 5
    np.testing.assert_array_equal(found.keypoints, clip.keypoints[there])
    np.testing.assert_array_equal(found.scores, clip.scores[there])
    assert found.frames.tolist() == clip.frames[there].tolist()
    assert found.ids.tolist() == clip.ids[there].tolist()
    assert found.skeleton.keypoints == skeleton.keypoints
    assert (found.times is None) is not times
    bare = rewritten(CSV, replace(without_file(clip), skeleton=None), tmp_path / "b.csv")
    assert bare.skeleton is None
    np.testing.assert_array_equal(bare.keypoints, found.keypoints)


SHORT = (
    "expected 3, as in the header: the file may be cut short, or written with another delimiter"
)
NUMBER = "expected a number, or nothing for what is missing"
REFUSED = {
    "": " is empty; write or copy the file again",
    "a,b\n1,2\n": ": no column is a keypoint's; expected NAME_x and NAME_y, or x0 and y0, in the "
    "first row",
    "frame,x0,y0,x0\n": ": two columns are 'x0'; expected one: rename the other",
    "frame,x0,y0\n0,1,2\n1,3\n": f", line 3: 2 cells; {SHORT}",
    "frame,x0,y0\n0,1,2,7\n": f", line 2: 4 cells; {SHORT}",
    'frame,x0,y0\n0,1,"a\nb"\n': f", line 2: cell 3 is 'a\\nb'; {NUMBER}",
    "frame,x0,y0\n0,1,2\n\n.5,1,2\n": ", line 4: the frame is '.5'; expected a whole number",
    "frame,x0,y0\n1e300,1,2\n": ", line 2: the frame is '1e300'; expected a whole number",
    "frame,x0,y0\n,1,2\n": ", line 2: the frame is ''; expected a whole number",
    "frame,person,x0,y0\n7,a,1,2\n7,a,3,4\n": ": frame 7 stands there twice for person 0; "
    "expected one pose a frame and person: remove one of them",
    "time,x0,y0\nnoon,1,2\n": f", line 2: cell 1 is 'noon'; {NUMBER}",
    "frame,x0,y0\n0,1,2\x00\n": " is no text; expected a table of text, such as CSV",
}


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=f"^{re.escape(f'{path}{REFUSED[content]}')}$"):
        CSV.read(path, Given())


def test_a_table_without_poses_is_a_video_without_poses(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("frame,person,time,x0,y0\n")
    clip = read(CSV, path)
    assert clip.keypoints.shape == (0, 1, 2)
    CSV.write(out, [clip])
    assert out.read_bytes() == path.read_bytes()


def test_a_file_that_changes_meanwhile_is_not_mixed_up(german, tmp_path):
    clip = read(CSV, german)
    german.write_text("something else")
    with pytest.raises(DataError, match=r"has changed since it was read; run the command again$"):
        CSV.write(tmp_path / "out.csv", [clip])
    assert not (tmp_path / "out.csv").exists()


def test_a_file_holds_one_video(german, tmp_path):
    clip = read(CSV, german)
    with pytest.raises(
        DataError, match=r"out.csv: 2 videos; expected one, as a file holds no more: give"
    ):
        CSV.write(tmp_path / "out.csv", [clip, clip])


def test_poses_of_other_keypoints_do_not_fit_the_file(german, tmp_path):
    clip = read(CSV, german)
    other = replace(
        clip, keypoints=clip.keypoints[:, :1], scores=clip.scores[:, :1], skeleton=None
    )
    with pytest.raises(
        DataError, match="1 keypoints a pose; the file that it was read from holds 2"
    ):
        CSV.write(tmp_path / "out.csv", [other])
