"""Overlays keep the video's frames, times, colours and sound, and draw on them."""

import tracemalloc
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="the detect extra is not installed")

import av
from filming import SIZE, picture, write
from PIL import Image

from temporal_pose.errors import ConfigError, DataError
from temporal_pose.footage.drawing import colour_of
from temporal_pose.footage.overlay import Drawer, Overlaid, overlay
from temporal_pose.footage.video import Video
from temporal_pose.pose.skeletons import Skeleton

PAIR = Skeleton("pair", ("left_hand", "right_hand"))
FRAMES = 11


def track(frames: int = FRAMES, y: float = 40, **changed) -> Overlaid:
    """A left hand at x = 30, a right one at x = 70."""
    raw = np.tile(np.array([[30.0, y], [70.0, y]]), (frames, 1, 1))
    return Overlaid(raw, **({"refined": raw.copy(), "skeleton": PAIR} | changed))


NOTHING = track(refined=None, skeleton=None)
NOTHING = Overlaid(np.full_like(NOTHING.raw, np.nan))


@pytest.fixture
def clip(tmp_path):
    return write(tmp_path / "clip.mp4", FRAMES)


def shown(path: Path) -> list[np.ndarray]:
    return [frame.astype(int) for frame in Video(path).frames()]


def ink(frame: np.ndarray, x: int, y: int) -> str:
    """Which colour a place has, after a codec that blurs colours: left, right, raw or none."""
    red, _, blue = frame[y, x]
    if abs(red - blue) > 60:
        return ("left" if red > blue else "right") if max(red, blue) > 160 else "faint"
    return "raw" if red > 165 else "none"


def test_frames_without_poses_stay_as_they_are(tmp_path, clip):
    out = tmp_path / "out.mp4"
    assert overlay(clip, out, [NOTHING]) == []
    before, after = shown(clip), shown(out)
    assert len(after) == FRAMES
    for a, b in zip(before, after, strict=True):
        assert np.abs(a - b).mean() < 2


@pytest.mark.parametrize("matrix", [None, 1, 5])
def test_colours_stay(tmp_path, matrix):
    out = tmp_path / "out.mp4"
    overlay(write(tmp_path / "a.mp4", FRAMES, matrix=matrix), out, [NOTHING])
    corner = shown(out)[5][4:12, 4:12].reshape(-1, 3).mean(0)
    np.testing.assert_allclose(corner, picture(5)[0, 0], atol=5)
    with av.open(str(out)) as video:
        kept = video.streams.video[0].codec_context.colorspace
    assert kept == (matrix or 2)


def test_the_pose_is_drawn_in_the_colours_of_its_sides(tmp_path, clip):
    overlay(clip, tmp_path / "out.mp4", [track()])
    for frame in shown(tmp_path / "out.mp4"):
        assert ink(frame, 30, 40) == "left"
        assert ink(frame, 70, 40) == "right"


def test_raw_lies_below_refined(tmp_path, clip):
    moved = track()
    moved.refined[:, :, 1] += 15
    overlay(clip, tmp_path / "out.mp4", [moved])
    frame = shown(tmp_path / "out.mp4")[2]
    assert ink(frame, 30, 55) == "left"
    assert ink(frame, 30, 40) == "raw"


def test_side_by_side(tmp_path, clip):
    moved = track()
    moved.refined[:, :, 1] += 15
    overlay(clip, tmp_path / "out.mp4", [moved], layout="side")
    frame = shown(tmp_path / "out.mp4")[2]
    assert frame.shape == (SIZE[1], 2 * SIZE[0], 3)
    assert ink(frame, 30, 40) == "left"
    assert ink(frame, 30, 55) == "none"
    assert ink(frame, SIZE[0] + 30, 55) == "left"
    assert ink(frame, SIZE[0] + 30, 40) == "none"


def test_several_people(tmp_path, clip):
    overlay(clip, tmp_path / "out.mp4", [track(), track(y=20)])
    frame = shown(tmp_path / "out.mp4")[7]
    assert ink(frame, 30, 40) == "left"
    assert ink(frame, 30, 20) == "left"


def test_each_of_several_people_has_limbs_of_an_own_colour():
    joined = Skeleton("pair", PAIR.keypoints, (PAIR.keypoints,))
    people = [track(y=y, skeleton=joined) for y in (15, 32, 50)]
    frame = Drawer(people, SIZE).draw(7, picture(7)).astype(int)  # a codec blurs what is near
    limbs = [frame[y, 60] for y in (15, 32, 50)]
    for one, other in combinations(limbs, 2):
        assert np.abs(one - other).max() > 50
    assert all(ink(frame, 30, y) == "left" for y in (15, 32, 50)), "keypoints tell the side"


def test_what_was_filled_in_is_faint(tmp_path, clip):
    scores = np.ones((FRAMES, 2))
    scores[4:, 0] = 0
    overlay(clip, tmp_path / "out.mp4", [track(scores=scores)])
    frames = shown(tmp_path / "out.mp4")
    assert ink(frames[3], 30, 40) == "left"
    assert ink(frames[9], 30, 40) != "left"
    assert ink(frames[9], 70, 40) == "right"


def test_a_frame_of_a_long_video_costs_no_more_than_one_of_a_short_one():
    """All poses of an hour were looked at for every frame of it: hours."""
    long = track(100_000, scores=np.ones((100_000, 2)))
    drawer, image = Drawer([long], SIZE, trail=3), np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    drawer.draw(0, image)
    tracemalloc.start()
    drawer.draw(50_000, image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000, "bytes: less than one for each of the poses"


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_times_of_a_variable_rate_stay(tmp_path, name):
    ticks = np.cumsum([1, 2, 1, 6] * 3)[:FRAMES].tolist()
    source = write(tmp_path / "odd.mp4", FRAMES, rate=50, ticks=ticks)
    overlay(source, tmp_path / name, [track()])
    np.testing.assert_allclose(
        np.diff(Video(tmp_path / name).times), np.diff(Video(source).times), atol=1.1e-3
    )


@pytest.mark.parametrize(("rate", "fps"), [(25, 25), (60, 60), (Fraction(30000, 1001), 29.97)])
def test_the_frame_rate_stays(tmp_path, rate, fps):
    overlay(write(tmp_path / "a.mp4", FRAMES, rate=rate), tmp_path / "out.mp4", [track()])
    assert Video(tmp_path / "out.mp4").fps == pytest.approx(fps, rel=1e-3)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_turned_video_becomes_an_upright_one(tmp_path, rotation):
    source = write(tmp_path / "turned.mp4", FRAMES, rotation=rotation)
    overlay(source, tmp_path / "out.mp4", [NOTHING])
    with av.open(str(tmp_path / "out.mp4")) as video:
        assert next(video.decode(video=0)).rotation == 0
    for a, b in zip(shown(source), shown(tmp_path / "out.mp4"), strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).mean() < 2


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(p) for p in file.demux(audio=0) if p.size]


@pytest.mark.parametrize(("rotation", "shown"), [(0, Fraction(4, 3)), (90, Fraction(3, 4))])
def test_pixels_that_are_not_square_stay_so_and_it_says_so(tmp_path, rotation, shown):
    source = write(tmp_path / "in.mp4", 5, rotation=rotation, aspect=Fraction(4, 3))
    (told,) = overlay(source, tmp_path / "out.mp4", [track(5)])
    assert told.startswith("in.mp4 has pixels that are 1.333 times as wide as high; poses count")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == shown


@pytest.mark.parametrize("sound", ["aac", "libmp3lame"])
def test_sound_is_copied(tmp_path, sound):
    source = write(tmp_path / "a.mkv", FRAMES, sound=sound)
    assert overlay(source, tmp_path / "out.mp4", [track()]) == []
    assert packets(tmp_path / "out.mp4") == packets(source)


def test_sound_that_the_file_cannot_hold_is_left_out_and_it_says_so(tmp_path):
    source = write(tmp_path / "a.mkv", FRAMES, sound="wavpack")
    assert overlay(source, tmp_path / "out.mp4", [track()]) == [
        "a.mkv: its sound, wavpack, is left out"
    ]
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio


def test_a_folder_of_images(tmp_path):
    (tmp_path / "frames").mkdir()
    for number in range(FRAMES):
        Image.fromarray(picture(number)).save(tmp_path / f"frames/{number}.png")
    overlay(tmp_path / "frames", tmp_path / "out.mp4", [track()], fps=12.5)
    video = Video(tmp_path / "out.mp4")
    assert (video.count, video.fps, video.size) == (FRAMES, 12.5, SIZE)


@pytest.mark.parametrize(("frames", "words"), [(8, "8, 3 fewer"), (12, "12, 1 more")])
def test_a_number_of_poses_that_is_not_that_of_the_frames(tmp_path, clip, frames, words):
    with pytest.raises(DataError) as refusal:
        overlay(clip, tmp_path / "out.mp4", [track(frames)])
    assert str(refusal.value) == (
        f"{clip} has 11 frames, the keypoints {words}; set video_start to the frame of the video "
        "that the keypoints begin with, 0 for its first"
    )
    assert not (tmp_path / "out.mp4").exists()


def test_poses_that_begin_later(tmp_path, clip):
    overlay(clip, tmp_path / "out.mp4", [track(4)], video_start=5)
    hands = [ink(frame, 30, 40) == "left" for frame in shown(tmp_path / "out.mp4")]
    assert hands == [False] * 5 + [True] * 4 + [False] * 2


def test_chosen_frames_as_pictures(tmp_path, clip):
    overlay(clip, tmp_path / "out.mp4", [track()], stills=[2, 7])
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "out.frame2.png",
        "out.frame7.png",
    ]
    drawer = Drawer([track()], SIZE)
    for number, frame in enumerate(Video(clip).frames()):
        if number in (2, 7):
            with Image.open(tmp_path / f"out.frame{number}.png") as file:
                np.testing.assert_array_equal(np.asarray(file), drawer.draw(number, frame))


def test_frames_are_shown_as_they_come(tmp_path, clip):
    seen = []
    overlay(clip, tmp_path / "out.mp4", [track()], look=lambda *one: seen.append(one))
    assert [number for number, _ in seen] == list(range(11))
    for (_, frame), plain in zip(seen, Video(clip).frames(), strict=True):
        np.testing.assert_array_equal(frame, plain)


def test_a_wide_pair_of_panels_is_made_smaller(tmp_path, clip, monkeypatch):
    monkeypatch.setattr("temporal_pose.footage.overlay._WIDEST", 96)
    overlay(clip, tmp_path / "out.mp4", [track()], layout="side")
    assert Video(tmp_path / "out.mp4").size == (96, 32)
    assert ink(shown(tmp_path / "out.mp4")[3], 15, 20) in ("left", "faint")


def test_what_cannot_be(tmp_path, clip, monkeypatch):
    with pytest.raises(ConfigError) as refusal:
        overlay(clip, tmp_path / "out.mp4", [track()], layout="above")
    assert str(refusal.value) == "layout is 'above'; expected one of together, side"
    with pytest.raises(ConfigError) as refusal:
        overlay(clip, tmp_path / "out.mp4", [track()], trail=-1)
    assert str(refusal.value) == "trail is -1; expected 0 or more frames"
    monkeypatch.setattr("temporal_pose.footage.encoding._ENCODERS", {"libnothing": {}})
    with pytest.raises(ConfigError) as refusal:
        overlay(clip, tmp_path / "out.mp4", [track()])
    assert str(refusal.value) == (
        "FFmpeg, in the package av, has no encoder for H.264 (libnothing); pip install "
        "--force-reinstall --only-binary=:all: av"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_damaged_video_leaves_nothing_behind(tmp_path, clip):
    raw = bytearray(clip.read_bytes())
    middle = raw.find(b"mdat") + len(raw) // 2
    raw[middle : middle + 800] = b"\xff" * 800
    clip.write_bytes(raw)
    (tmp_path / "out.mp4").write_bytes(b"older")
    with pytest.raises(DataError, match="cannot be read as a video"):
        overlay(clip, tmp_path / "out.mp4", [track()])
    assert (tmp_path / "out.mp4").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk(tmp_path, clip):
    """It says so, and the older file stays."""
    resource = pytest.importorskip("resource", reason="sizes of files cannot be limited here")
    (tmp_path / "out.mp4").write_bytes(b"older")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError):
            overlay(clip, tmp_path / "out.mp4", [track()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "out.mp4").read_bytes() == b"older"


def test_odd_sizes_lose_a_row_and_a_column(tmp_path):
    (tmp_path / "frames").mkdir()
    for number in range(FRAMES):
        image = np.full((63, 97, 3), 90, np.uint8)
        Image.fromarray(image).save(tmp_path / f"frames/{number}.png")
    overlay(tmp_path / "frames", tmp_path / "out.mp4", [track()], fps=25)
    assert Video(tmp_path / "out.mp4").size == (96, 62)


def test_memory_does_not_grow_with_the_video(tmp_path, clip, monkeypatch):
    """Frames go through one by one: at no time are more than a few alive."""
    import weakref

    alive: list[weakref.ref] = []
    most = 0
    whole = Video.stamped

    def counted(self, start=0):
        nonlocal most
        for stamp, frame in whole(self, start):
            alive.append(weakref.ref(frame))
            most = max(most, sum(one() is not None for one in alive))
            yield stamp, frame

    monkeypatch.setattr(Video, "stamped", counted)
    overlay(clip, tmp_path / "out.mp4", [track()], layout="side", trail=5)
    assert len(alive) == FRAMES + 1, "the first one twice, for its size"
    assert most <= 3


def test_several_people_have_numbers_above_them_in_their_colours():
    """Whoever is nowhere has none, and at the image's edge it is inside."""
    size = (160, 120)
    empty = np.zeros((120, 160, 3), np.uint8)
    places = np.array([[30.0, 60.0], [90.0, 5.0]])  # one in the middle, one at the upper edge
    tracks = [
        Overlaid(np.tile(at, (5, 2, 1)), person=who)
        for who, at in zip((2, 7), places, strict=True)
    ]
    marks = [Overlaid(track.raw) for track in tracks]
    drawn = Drawer(tracks, size).draw(3, empty)
    for who, track, alone in zip((2, 7), tracks, marks, strict=True):
        single = Drawer([track], size).draw(3, empty)
        assert (single == Drawer([alone], size).draw(3, empty)).all(), "nobody to be told from"
        near = slice(None), slice(int(track.raw[0, 0, 0]) - 12, int(track.raw[0, 0, 0]) + 30)
        far = np.abs(drawn[near].astype(int) - colour_of(who)).max(-1)
        assert far.min() < 30, "and a point is of another colour"
        assert np.abs(single.astype(int) - colour_of(who)).max(-1).min() > 60
    nowhere = Overlaid(np.full((5, 2, 2), np.nan), person=1)
    assert not (Drawer([nowhere, nowhere], size).draw(3, empty)).any()
