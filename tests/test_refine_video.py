"""`refine` of a video itself: detected, refined, and everybody drawn over it once."""

from pathlib import Path

import numpy as np
import pytest
from commands import Command, no_results

pytest.importorskip("av", reason="the detect extra is not installed")

import av
from spotting import SIZE, spots

from temporal_pose.app.quoting import quoted
from temporal_pose.footage.video import Video
from temporal_pose.formats.paired.paired_video import load

OURS = ("--config-dir", str(Path(__file__).parent / "extra"), "detector=spots")
FRAMES = 12


def film(path: Path, people: list[tuple[int, int]]) -> Path:
    """People who walk to the right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(FRAMES):
            image = spots(*((x + number, y) for x, y in people))
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_two_people_have_a_file_each_and_one_video(command: Command, tmp_path: Path) -> None:
    film(tmp_path / "walk.mp4", [(10, 5), (90, 50)])
    typed = (*OURS, "source=walk.mp4", "out=calm", "stills=[3]")
    ended = command("refine", *typed)
    assert ended.status == 0, ended
    files = sorted(Path("calm").glob("*.zarr"))
    assert [file.name for file in files] == ["walk.person1.zarr", "walk.person2.zarr"]
    first = [load(file).detections[0, 0] for file in files]
    assert sorted(np.round(place[0]) for place in first) == [10, 90]
    videos = sorted(path.name for path in Path("calm").iterdir() if "overlay" in path.name)
    assert videos == ["walk.overlay.frame3.png", "walk.overlay.mp4"]
    assert Video(Path("calm/walk.overlay.mp4")).count == FRAMES
    assert "walk.overlay.mp4" in Path("calm/walk.person2.zarr.html").read_text()
    assert "calm is finished" in command("refine", *typed).out


def test_nobody_is_a_line(command: Command, tmp_path: Path) -> None:
    path = film(tmp_path / "nobody\\'s ${x}.mp4", [])
    message = command("refine", *OURS, f"source={quoted(str(path))}", "out=calm").refused()
    assert message.startswith(str(path))
    assert "nobody" in message
    assert no_results(tmp_path / "calm")
