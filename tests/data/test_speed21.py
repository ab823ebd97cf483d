"""SPEED21: tiny runs in its text format, and the 41 real ones."""

import os
import re
from pathlib import Path

import pytest

from temporal_pose.data.speed21 import Speed21
from temporal_pose.errors import DataError
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS

MPII16 = SKELETONS["mpii16"]

RUN = "52_2018-07-28_1"


def metadata(run: str = RUN, frames: int = 5, fps: str = "25") -> str:
    return f"{run};52;2018-07-28;1;https://a.org/?v=x;1625.81;1631.72;5.91;{frames};1;l;{fps}\n"


def pose(frame: int, points: int = 16) -> str:
    places = ";".join(f"{frame * 100 + i}.5,{frame * 100 + 2 * i}.0" for i in range(points))
    return f"{frame}#{places}\n"


LINES = ("1#NULL\n", pose(2), pose(3), "4#NULL\n", pose(5))


def write(root: Path, lines: tuple[str, ...] = LINES, about: str = "", run: str = RUN) -> Path:
    (root / "skeletons").mkdir(exist_ok=True)
    (root / "metadata.txt").write_text(about or metadata())
    path = root / "skeletons" / f"{run}.data"
    path.write_text("".join(lines))
    return path


def test_frames_without_a_pose_leave_a_gap(tmp_path: Path) -> None:
    write(tmp_path, about=metadata() + metadata("7_2019-01-01_2", fps="50"))
    (sequence,) = Speed21(tmp_path).read()
    assert (sequence.name, sequence.group, sequence.fps) == (RUN, "climber 52", 25.0)
    assert sequence.frames.tolist() == [2, 3, 5]
    ankle = sequence.keypoints[:, MPII16.index("right_ankle")]
    assert ankle.tolist() == [[200.5, 200.0], [300.5, 300.0], [500.5, 500.0]]
    wrist = sequence.keypoints[0, MPII16.index("left_wrist")]
    assert wrist.tolist() == [215.5, 230.0]


def test_keypoints_without_a_counterpart_are_left_out(tmp_path: Path) -> None:
    write(tmp_path)
    (own,) = Speed21(tmp_path).read()
    assert (own.skeleton, own.visible.all()) == (MPII16, True)
    sequence = own.in_skeleton(CLIMBALONG25)
    shared = [name in MPII16.keypoints for name in CLIMBALONG25.keypoints]
    assert (sequence.visible == shared).all()
    assert sum(shared) == 12


def test_a_run_without_metadata(tmp_path: Path) -> None:
    write(tmp_path, run="9_2018-07-28_1")
    message = r"9_2018-07-28_1.data: run '9_2018-07-28_1' is not in metadata.txt, so its frame "
    with pytest.raises(DataError, match=message):
        Speed21(tmp_path).read()


@pytest.mark.parametrize(
    "line",
    [
        *("3#1,2;3\n", "3#\n", "x#NULL\n", "3 NULL\n", f"{10**30}#NULL\n", f"{'9' * 5000}#NULL\n"),
        *("-3#NULL\n", pose(3).replace("303.5", "1e300"), pose(3).replace("303.5", "9" * 500)),
        *(pose(3, points=15), pose(3).replace("303.5", "q"), pose(3).replace("300.5", "nan")),
    ],
)
def test_a_line_that_is_not_in_the_format(tmp_path: Path, line: str) -> None:
    write(tmp_path, (*LINES[:2], line, *LINES[3:]))
    found = re.escape(line.strip()[:40])
    message = rf"_1.data: line 3 is '{found}.*'; expected frame#x1,y1;...;x16,y16 or frame#NULL: "
    with pytest.raises(DataError, match=message):
        Speed21(tmp_path).read()


def test_files_cut_short_or_with_a_frame_twice_or_without_a_pose(tmp_path: Path) -> None:
    write(tmp_path, LINES[:3])
    with pytest.raises(DataError, match=r"2 poses up to frame 3; expected some, up to frame 5 as"):
        Speed21(tmp_path).read()
    write(tmp_path, (*LINES[:3], LINES[2], *LINES[3:]))
    with pytest.raises(DataError, match=r"_1.data: line 4: frame 3 is there twice; remove one$"):
        Speed21(tmp_path).read()
    write(tmp_path, ("1#NULL\n", "5#NULL\n"))
    with pytest.raises(DataError, match=r"_1.data: 0 poses up to frame 5; expected some"):
        Speed21(tmp_path).read()


@pytest.mark.parametrize(
    "about", ["52;25\n", metadata(fps="fast"), metadata() * 2, metadata(fps="0")]
)
def test_metadata_that_is_not_in_the_format(tmp_path: Path, about: str) -> None:
    write(tmp_path, about=about)
    message = "line 1 is .* 12 fields|is there twice; remove one$|fps is 0.0; expected a positive"
    with pytest.raises(DataError, match=message):
        Speed21(tmp_path).read()


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere' is not a folder; expected SPEED21's metadata"):
        Speed21(tmp_path / "nowhere").read()
    with pytest.raises(DataError, match=r"metadata.txt: cannot be read as text \(.*No such file"):
        Speed21(tmp_path).read()
    (tmp_path / "metadata.txt").write_text(metadata())
    with pytest.raises(DataError, match=r"has no file skeletons/\*.data; expected SPEED21's"):
        Speed21(tmp_path).read()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "metadata.txt").unlink()
    os.mkfifo(tmp_path / "metadata.txt")
    with pytest.raises(
        DataError, match=r"metadata.txt: cannot be read as text \(it is no regular"
    ):
        Speed21(tmp_path).read()


def test_a_copy_under_another_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, run="52_2018-07-28_2")
    with pytest.raises(
        DataError, match=r"_1.data and .*_2.data have the same content; remove one"
    ):
        Speed21(tmp_path).read()


def test_the_real_runs(shared_data: Path) -> None:
    sequences = Speed21(shared_data / "speed21").read()
    assert len(sequences) == 41
    assert {s.fps for s in sequences} == {25.0, 30.0, 50.0}
    assert sum(map(len, sequences)) == 7142
    assert any(s.frames[0] > 1 for s in sequences)  # nobody found in the first frames
