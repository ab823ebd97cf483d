"""`refine` of a video itself: detected, refined, and everybody drawn over it once."""

import base64
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import TINY, Command, Trained, no_results

pytest.importorskip("av", reason="the detect extra is not installed")

import av
from PIL import Image
from spotting import SIZE, spots

from temporal_pose.app.quoting import quoted
from temporal_pose.footage.video import Video
from temporal_pose.formats.paired.paired_video import load

OURS = ("--config-dir", str(Path(__file__).parent / "extra"), "detector=spots")
FRAMES = 12
RUN = "runs/pretrain/conv3d/setup1/k1"


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
    Path("calm/walk.overlay.mp4").unlink()  # as if its drawing had been killed
    assert command("refine", *typed).out.splitlines()[-1] == "video: calm/walk.overlay.mp4"
    assert Video(Path("calm/walk.overlay.mp4")).count == FRAMES


@pytest.mark.parametrize("run", [None, RUN])
def test_heatmaps_are_kept_where_the_model_reads_them(
    command: Command, trained: Trained, tmp_path: Path, run: str | None
) -> None:
    film(tmp_path / "walk.mp4", [(10, 5)])
    if run is not None:
        trained(*TINY)
    own = () if run is None else (f"run={run}",)
    typed = (*OURS, *own, "detector.heatmaps=[9,11]", "source=walk.mp4", "out=calm")
    command("refine", *typed, "video_start=0").went_well()
    kept = load(Path("calm/detections/walk.person1.zarr"))
    assert (kept.heatmaps is None, kept.detections is None) == (run is None, run is not None)


def test_a_video_brings_no_torch(tmp_path: Path) -> None:
    """It takes half a gigabyte, as much as everything else together."""
    film(tmp_path / "walk.mp4", [(10, 5)])
    modules = "temporal_pose.detectors.blazepose, temporal_pose.detectors.rtmpose"
    code = (
        f"import sys, {modules}; from temporal_pose.refine import main; main(); "
        "print('torch' in sys.modules)"
    )
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, *OURS, "source=walk.mp4", "out=out"],
        cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["False"]), done


def test_frames_that_cannot_be_decoded_do_no_harm(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a camcorder's file that begins in the middle: it is seen as it is drawn."""
    film(tmp_path / "walk.mp4", [(10, 5)])
    told = np.arange(FRAMES + 3) / 25
    with monkeypatch.context() as patch:
        patch.setattr("temporal_pose.footage.video._times", lambda *_: (told, 0))
        assert command("refine", *OURS, "source=walk.mp4", "out=calm", "page=false").status == 0
    assert Video(Path("calm/walk.person1.zarr.overlay.mp4")).count == FRAMES


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("stills=abc", "stills is 'abc'; expected numbers of frames, such as [3,7]"),
        ("stills=[3,-1]", "stills is [3, -1]; expected numbers of frames, such as [3,7]"),
        ("video_start=1.5", "video_start is 1.5; expected a whole number from 0"),
        ("layout=beside", "layout is 'beside'; expected together or side"),
    ],
)
def test_settings_of_a_video_are_checked_before_any_look(
    command: Command, tmp_path: Path, setting: str, message: str
) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"is never read")
    assert command("refine", *OURS, "source=walk.mp4", "out=calm", setting).refused() == message


@pytest.mark.parametrize("setting", ["stills=3", "video_start=0"])
def test_they_need_a_video(command: Command, setting: str) -> None:
    Path("seen.csv").write_text("frame,a_x,a_y,a_score\n1,2,3,1\n")
    message = command("refine", "source=seen.csv", "out=calm", "fps=25", setting).refused()
    name = setting.partition("=")[0]
    assert message == f"{name} is of a video; add video=, that of the keypoints"


def test_a_folder_of_videos_says_how_to_name_them(command: Command) -> None:
    Path("films").mkdir()
    for name in ("a.mp4", "b.MOV", "c.mts"):
        Path("films", name).write_bytes(b"is never read")
    message = command("refine", "source=films", "out=calm").refused()
    assert message == (
        "source 'films' is a folder of 3 videos; name one of them, or several by -m, as in: "
        "refine -m source=films/a.mp4,films/b.MOV out=DIR"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("stills=[3,12]", "walk.mp4 has 12 frames; stills has 12: expected 0 to 11"),
        ("video_start=12", "walk.mp4 has 12 frames; with video_start=12 none of the 12 of the "),
    ],
)
def test_frames_that_a_video_has_not_are_refused_before_it_is_looked_at(
    command: Command, tmp_path: Path, setting: str, message: str
) -> None:
    film(tmp_path / "walk.mp4", [(10, 5)])
    typed = (*OURS, "source=walk.mp4", "out=calm", setting)
    assert command("refine", *typed).refused().startswith(message)
    assert not Path("calm").exists()


def test_nobody_is_a_line(command: Command, tmp_path: Path) -> None:
    path = film(tmp_path / "nobody\\'s ${x}.mp4", [])
    message = command("refine", *OURS, f"source={quoted(str(path))}", "out=calm").refused()
    assert message.startswith(str(path))
    assert "nobody" in message
    assert not (tmp_path / "calm").exists(), "nothing came that would lie in it"


def test_a_video_of_another_length_is_refused_before_anything_is_written(
    command: Command, tmp_path: Path
) -> None:
    path = film(tmp_path / "walk.mp4", [(10, 5)])
    (tmp_path / "seen.csv").write_text(
        "frame,person,a_x,a_y,a_score\n" + "".join(f"{n},1,{n},5,1\n" for n in range(7))
    )
    typed = ("source=seen.csv", "out=calm", "fps=25", f"video={path}")
    ended = command("refine", *typed)
    assert ended.status == 1
    assert "walk.mp4 has 12 frames, the keypoints 7, 5 fewer; set video_start to" in ended.err
    assert no_results(tmp_path / "calm")


def test_moments_are_those_of_the_keypoints_own_frames(command: Command, tmp_path: Path) -> None:
    """The file counts from 100, and the video from 0."""
    path = film(tmp_path / "walk.mp4", [(10, 5)])
    jumps = {7: 40}
    rows = (f"{100 + n},1,{10 + n},{5 + jumps.get(n, 0)},1\n" for n in range(FRAMES))
    (tmp_path / "seen.csv").write_text("frame,person,a_x,a_y,a_score\n" + "".join(rows))
    command("refine", "source=seen.csv", "out=calm", "fps=25", f"video={path}").went_well()
    text = Path("calm/seen.csv.html").read_text()
    captions = re.findall(r'base64,([^"]+)"><figcaption>(.*?)</figcaption>', text)
    about = "person 1, a, frame 107: "
    (picture,) = [image for image, caption in captions if caption.startswith(about)]
    with Image.open(io.BytesIO(base64.b64decode(picture))) as file:
        seen = np.asarray(file.convert("L").resize(SIZE))
    left = np.flatnonzero(seen[6:34].max(0) > 150).min()
    assert left in (16, 17, 18), "the spot of the seventh frame"


def test_a_folder_of_images_is_a_video(command: Command, tmp_path: Path) -> None:
    """A short one, too: whoever is in all of its frames is somebody."""
    (tmp_path / "frames").mkdir()
    for number in range(6):
        Image.fromarray(spots((10 + number, 5))).save(tmp_path / f"frames/{number}.png")
    typed = (*OURS, "source=frames", "out=calm")
    assert command("refine", *typed).refused() == "frames: images have no frame rate; add fps="
    assert command("refine", *typed, "fps=25").status == 0
    assert Video(Path("calm/frames.person1.zarr.overlay.mp4")).count == 6
    again = command("refine", "source=calm/frames.person1.zarr", "out=drawn", "video=frames")
    assert again.status == 0, again
    drawn = Video(Path("drawn/frames.person1.zarr.overlay.mp4"))
    assert (drawn.count, drawn.fps) == (6, 25), "at the keypoints' own rate"


def test_without_an_encoder_it_says_so_before_it_looks(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(tmp_path / "walk.mp4", [(10, 5)])
    monkeypatch.setattr("temporal_pose.footage.encoding.av.codecs_available", {"mpeg4"})
    message = command("refine", *OURS, "source=walk.mp4", "out=calm").refused()
    assert message.startswith("FFmpeg, in the package av, has no encoder for H.264 (libx264, h26")
    assert not Path("calm").exists()
