"""Videos and folders of images are read a frame at a time, and damaged ones are refused."""

import threading
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="the detect extra is not installed")

from detecting import HEIGHT, WIDTH, shown, write_video
from PIL import Image

from temporal_pose.errors import DataError
from temporal_pose.footage.frames import ahead, batches
from temporal_pose.footage.images import Images, natural
from temporal_pose.footage.video import Video

FRAMES = [shown(3 * number) for number in range(20)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", FRAMES)


def test_a_video_gives_the_frames_it_was_made_of(clip):
    video = Video(clip)
    assert (video.size, video.fps, video.count, video.remarks) == ((WIDTH, HEIGHT), 25, 20, [])
    frames = list(video.frames())
    assert len(frames) == 20
    for frame, made in zip(frames, FRAMES, strict=True):
        assert frame.shape == made.shape
        assert np.abs(frame.astype(int) - made).mean() < 6, "x264 changes them a little"


@pytest.mark.parametrize("start", [0, 1, 7, 19, 20])
def test_it_goes_on_at_a_frame(clip, start):
    whole, rest = list(Video(clip).frames()), list(Video(clip).frames(start))
    assert len(rest) == 20 - start
    for a, b in zip(rest, whole[start:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_video_is_turned_as_it_says(tmp_path, clip):
    turned = write_video(tmp_path / "turned.mp4", FRAMES[:3], rotation=90)
    video = Video(turned)
    assert video.size == (HEIGHT, WIDTH)
    for frame, made in zip(video.frames(), FRAMES, strict=False):
        assert np.abs(frame.astype(int) - np.rot90(made)).mean() < 6


@pytest.mark.parametrize("name", ["odd.mp4", "odd.mkv"])
def test_a_variable_rate_becomes_the_average_and_says_so(tmp_path, name):
    ticks = np.cumsum([1, 2, 1, 6] * 5).tolist()
    video = Video(write_video(tmp_path / name, FRAMES, rate=50, ticks=ticks))
    assert video.fps == pytest.approx(50 * 19 / (ticks[-1] - ticks[0]), rel=1e-3)
    (remark,) = video.remarks
    assert f"{name} has a variable frame rate, 8.333 to 50 frames a second" in remark
    assert Video(tmp_path / name, fps=30).fps == 30


def test_a_rate_can_be_given(clip):
    assert Video(clip, fps=12.5).fps == 12.5


def refused(make, *arguments) -> str:
    """The message of a refusal, which may come with the frames."""
    with pytest.raises(DataError) as refusal:
        list(make(*arguments).frames())
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_missing_video(tmp_path):
    path = tmp_path / "none.mp4"
    assert refused(Video, path) == (
        f"source '{path}' does not exist; expected a video or a folder of images"
    )


@pytest.mark.parametrize("content", [b"hello", None])
def test_what_is_no_video(tmp_path, clip, content):
    path = tmp_path / "bad.mp4"
    path.write_bytes(clip.read_bytes()[:3000] if content is None else content)
    assert refused(Video, path) == (
        f"{path}: cannot be read as a video (Invalid data found when processing input); copy or "
        "download it again, or repair it with ffmpeg"
    )


def test_a_video_damaged_in_the_middle_names_the_place(tmp_path, clip):
    raw = bytearray(clip.read_bytes())
    start = raw.find(b"mdat")
    raw[start + len(raw) // 2 : start + len(raw) // 2 + 2000] = b"\xff" * 2000
    path = tmp_path / "bad.mp4"
    path.write_bytes(raw)
    message = refused(Video, path)
    assert message.startswith(f"{path}: cannot be read as a video after ")
    assert "frames (Invalid data found" in message


def test_a_video_that_was_cut_off(tmp_path):
    path = tmp_path / "cut.mkv"
    whole = write_video(tmp_path / "whole.mkv", [shown(7 * n) for n in range(60)], rate=10)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (remark,) = Video(path).remarks
    assert remark.startswith("cut.mkv announces 6.0 s, but its frames end after ")


def folder(path: Path, frames, ending="png") -> Path:
    path.mkdir(exist_ok=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(path / f"img{number}.{ending}")
    return path


def test_images_come_in_the_order_of_their_numbers(tmp_path):
    images = Images(folder(tmp_path / "a", FRAMES[:12]), fps=30)
    assert (images.size, images.fps, images.count) == ((WIDTH, HEIGHT), 30, 12)
    for frame, made in zip(images.frames(), FRAMES, strict=False):
        np.testing.assert_array_equal(frame, made)
    np.testing.assert_array_equal(next(images.frames(10)), FRAMES[10])
    one = Images(tmp_path / "a/img3.png", fps=1)
    assert len(list(one.frames())) == 1


def test_natural_order():
    names = ["a10.png", "a9.png", "b1.png", "a.png", "a9b.png", "10.png", "9.png"]
    ordered = ["9.png", "10.png", "a9.png", "a9b.png", "a10.png", "a.png", "b1.png"]
    assert [p.name for p in sorted(map(Path, names), key=natural)] == ordered


def test_photographs_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees, clockwise
    path = tmp_path / "turned.jpg"
    Image.fromarray(FRAMES[0]).save(path, exif=exif, quality=98)
    images = Images(path, fps=30)
    assert images.size == (HEIGHT, WIDTH)
    (frame,) = images.frames()
    assert np.abs(frame.astype(int) - np.rot90(FRAMES[0], -1)).mean() < 6


def test_images_that_cannot_be_used(tmp_path):
    path = folder(tmp_path / "a", FRAMES[:3])
    assert refused(Images, path) == f"{path}: images have no frame rate; add fps="
    (tmp_path / "empty").mkdir()
    assert refused(Images, tmp_path / "empty", 30) == (
        f"{tmp_path / 'empty'}: holds no images; expected .jpg, .jpeg, .png"
    )
    Image.fromarray(FRAMES[0][:50]).save(path / "img10.png")
    assert refused(Images, path, 30) == (
        f"{path / 'img10.png'} is 120 x 50, img0.png 120 x 90; expected images of one size: one "
        "video a folder"
    )
    (path / "img10.png").write_bytes((path / "img1.png").read_bytes()[:2000])
    assert refused(Images, path, 30).startswith(f"{path / 'img10.png'}: cannot be read as an im")
    (path / "img10.png").write_bytes(b"hello")
    assert refused(Images, path, 30).startswith(f"{path / 'img10.png'}: cannot be read as an im")


def test_batches_are_made_one_ahead():
    made = []

    def frames():
        for number in range(7):
            made.append(number)
            yield np.full((2, 3, 3), number, np.uint8)

    found = list(batches(frames(), 3))
    firsts = [[int(frame[0, 0, 0]) for frame in batch] for batch in found]
    assert firsts == [[0, 1, 2], [3, 4, 5], [6]]
    made.clear()
    assert [frame.shape for frame in next(ahead(batches(frames(), 2)))] == [(2, 3, 3)] * 2
    assert len(made) <= 4, "memory does not grow with the video"
    assert list(ahead(iter(range(1, 6)))) == [1, 2, 3, 4, 5]
    assert list(ahead(iter(()))) == []
    assert threading.active_count() < 10


def test_an_error_of_the_next_batch_arrives():
    def broken():
        yield 1
        raise DataError("broken")

    items = ahead(broken())
    assert list(islice(items, 1)) == [1]
    with pytest.raises(DataError, match="broken"):
        next(items)
