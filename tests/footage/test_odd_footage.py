"""Footage of odd kinds: what can be read is read right, the rest is refused in a line."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="the detect extra is not installed")

import av
from filming import SIZE, tone, trimmed, write
from PIL import Image

from temporal_pose.errors import DataError
from temporal_pose.footage.images import Images
from temporal_pose.footage.opening import is_video, open_footage
from temporal_pose.footage.video import Video


def refused(path: Path, fps: float | None = None) -> str:
    with pytest.raises(DataError) as refusal:
        list(open_footage(path, fps).frames())
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_what_is_a_video(tmp_path):
    assert is_video(tmp_path / "a.MOV")
    assert not is_video(tmp_path / "a.PNG")
    assert not is_video(tmp_path)


def test_grey_of_16_bits_is_brought_to_8(tmp_path):
    ramp = np.linspace(0, 65535, 300).astype(np.uint16).reshape(15, 20)
    Image.fromarray(ramp).save(tmp_path / "0.png")
    (frame,) = Images(tmp_path, fps=30).frames()
    assert frame.shape == (15, 20, 3)
    np.testing.assert_array_equal(frame[..., 0], ramp // 256)
    np.testing.assert_array_equal(frame[..., 0], frame[..., 2])


def test_colours_of_16_bits_are_brought_to_8(tmp_path):
    """As FFmpeg writes them; Pillow cannot."""
    colours = np.random.default_rng(0).integers(0, 65536, (7, 11, 3), np.uint16)
    with av.open(str(tmp_path / "0.png"), "w", format="image2", options={"update": "1"}) as file:
        stream = file.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 11, 7, "rgb48be"
        frame = av.VideoFrame(11, 7, "rgb48be")
        plane = np.zeros((7, frame.planes[0].line_size // 2), ">u2")
        plane[:, :33] = colours.reshape(7, 33)
        frame.planes[0].update(plane.tobytes())
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    (found,) = Images(tmp_path, fps=30).frames()
    np.testing.assert_array_equal(found, colours // 256)


def test_an_image_of_too_many_pixels(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(tmp_path / "0.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)
    assert Images(tmp_path, fps=30).size == (50, 40), "less than twice too many"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    message = refused(tmp_path, 30)
    assert message.startswith(f"{tmp_path / '0.png'}: has more pixels than a frame can have (")
    assert message.endswith("; make it smaller")


def test_images_have_numbers_for_times(tmp_path):
    for number in range(4):
        Image.fromarray(np.full((5, 6, 3), number, np.uint8)).save(tmp_path / f"{number}.png")
    images = Images(tmp_path, fps=29.97)
    assert images.time_base == Fraction(100, 2997)
    assert [(stamp, int(frame[0, 0, 0])) for stamp, frame in images.stamped(2)] == [(2, 2), (3, 3)]
    assert images.times is None


def test_an_empty_file(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert refused(tmp_path / "a.mp4") == (
        f"{tmp_path / 'a.mp4'}: is empty (0 bytes); copy or download it again"
    )


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    assert refused(tmp_path / "a.mp4") == (
        f"source '{tmp_path / 'a.mp4'}' is no file; expected a video or a folder of images"
    )


def test_a_png_whose_checksum_does_not_fit_is_no_picture(tmp_path):
    """Pillow itself does not look at those of the pixels."""
    Image.new("L", (7, 5)).save(tmp_path / "0.png")
    content = bytearray((tmp_path / "0.png").read_bytes())
    content[-13] ^= 1  # before the last chunk, of 12 bytes
    (tmp_path / "0.png").write_bytes(content)
    assert "0.png: cannot be read as an image (" in refused(tmp_path, fps=25)


def test_a_pipe_among_images_does_not_hang(tmp_path):
    Image.new("RGB", (7, 5)).save(tmp_path / "0.png")
    os.mkfifo(tmp_path / "1.png")
    assert refused(tmp_path, fps=25) == (
        f"{tmp_path / '1.png'}: cannot be read as an image (it is no regular file); copy or make "
        "it again"
    )


@pytest.mark.parametrize("name", ["a.wav", "a.mp4"])
def test_sound_alone(tmp_path, name):
    path = tone(tmp_path / name)
    assert refused(path) == f"{path}: holds no video; expected a video file"


def test_the_cover_of_a_song_is_no_video(tmp_path):
    path = tone(tmp_path / "song.mp3", "libmp3lame", cover=True)
    with av.open(str(path)) as song:
        assert song.streams.video, "the picture is a stream"
    assert refused(path) == f"{path}: holds no video; expected a video file"


def test_a_gif(tmp_path):
    pictures = [Image.fromarray(np.full((24, 32, 3), 40 * n, np.uint8)) for n in range(5)]
    path = tmp_path / "a.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    video = open_footage(path)
    assert (video.size, video.count, video.fps) == ((32, 24), 5, 10)
    shades = [int(frame[12, 16, 0]) for frame in video.frames()]
    assert shades == pytest.approx([0, 40, 80, 120, 160], abs=3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_times_of_a_variable_rate(tmp_path, name):
    ticks = np.cumsum([1, 2, 1, 6] * 3).tolist()
    video = Video(write(tmp_path / name, 12, rate=50, ticks=ticks))
    np.testing.assert_allclose(video.times, (np.array(ticks) - ticks[0]) / 50, atol=1e-3)
    stamps = [stamp * float(video.time_base) for stamp, _ in video.stamped()]
    np.testing.assert_allclose(np.diff(stamps), np.diff(video.times), atol=1e-3)
    assert Video(tmp_path / name, fps=30).times is None, "the rate is given"
    assert Video(write(tmp_path / "even.mp4", 12)).times is None


def test_frames_begin_in_the_middle_with_their_own_times(tmp_path):
    video = Video(write(tmp_path / "a.mp4", 9))
    whole, rest = list(video.stamped()), list(video.stamped(4))
    assert [stamp for stamp, _ in rest] == [stamp for stamp, _ in whole[4:]]
    assert whole[0][1].shape == (SIZE[1], SIZE[0], 3)


def test_frames_that_begin_late_are_not_cut_off(tmp_path):
    """Matroska's length counts from zero, wherever frames begin."""
    path = write(tmp_path / "late.mkv", 11, ticks=range(125, 136))
    assert Video(path).remarks == []


def test_a_short_video_that_was_cut_off_says_so(tmp_path):
    path = write(tmp_path / "clip.mkv", 25)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert Video(path).remarks[0].startswith("clip.mkv announces 1.0 s, but its frames end after")


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([0, 1, 2, 5, 6], "2 of its images' numbers (3, 4)"),
        ([*range(8, 12), *range(20, 30)], "8 of its images' numbers (12, 13, 14, 15, 16, ...)"),
        (range(4), None),
        (range(0, 25, 5), None),
        ([20240131, 20240201, 20240317], None),
    ],
)
def test_missing_numbers_are_told(tmp_path, numbers, told):
    for number in numbers:
        Image.new("RGB", (3, 2)).save(tmp_path / f"view2_{number}.png")
    said = Images(tmp_path, fps=30).remarks
    expected = f"{tmp_path.name} lacks {told}; those after a missing one count as if "
    assert (said == []) == (told is None)
    assert all(remark.startswith(expected) for remark in said)


@pytest.mark.parametrize("cut", [3, 17])
def test_frames_that_were_trimmed_away_are_not_counted(tmp_path, cut):
    """They are still in the file, and an edit list of the container hides them."""
    whole = Video(write(tmp_path / "whole.mp4", 25))
    video = Video(trimmed(whole.path, tmp_path / "trimmed.mp4", cut))
    shown = list(video.frames())
    assert video.count == len(shown) == 25 - cut
    assert video.remarks == []
    np.testing.assert_array_equal(shown, list(whole.frames(cut)))
