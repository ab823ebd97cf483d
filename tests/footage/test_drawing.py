"""What is drawn where, and in which colour."""

import numpy as np
import pytest
from PIL import Image

from temporal_pose.footage.drawing import (
    LEFT,
    MIDDLE,
    RIGHT,
    Look,
    canvas,
    draw_label,
    draw_pose,
    draw_trails,
    look_of,
    write_png,
)
from temporal_pose.pose.skeletons import CLIMBALONG25, Skeleton

NAN = (np.nan, np.nan)


def blank() -> Image.Image:
    return Image.new("RGB", (60, 40))


def drawn(image: Image.Image) -> np.ndarray:
    """Pixels that are not black."""
    return np.argwhere(np.asarray(image).any(-1))[:, ::-1]


def test_keypoints_have_the_colour_of_their_side():
    colours = look_of(CLIMBALONG25, 25, 100).colours
    for name, colour in zip(CLIMBALONG25.keypoints, colours, strict=True):
        side = {"left": LEFT, "right": RIGHT}.get(name.partition("_")[0], MIDDLE)
        assert colour == side, name


def test_sides_may_be_told_by_pairs():
    mouse = Skeleton("mouse", ("paw_a", "tail", "paw_b"), pairs=(("paw_a", "paw_b"),))
    assert look_of(mouse, 3, 100).colours == (LEFT, MIDDLE, RIGHT)


def test_points_without_names_are_drawn_too():
    image = blank()
    draw_pose(image, np.array([(10.0, 20), NAN, (50, 5)]), look_of(None, 3, 40))
    assert image.getpixel((10, 20)) == LEFT
    assert image.getpixel((50, 5)) == LEFT
    assert len(drawn(image)) < 60


LOOK = Look((LEFT, LEFT, RIGHT), ((0, 1), (1, 2)), 3)
POSE = np.array([(10.0, 20), (30, 20), (50, 20)])


def test_limbs_join_keypoints():
    image = blank()
    draw_pose(image, POSE, LOOK)
    assert image.getpixel((20, 20)) == LEFT
    assert image.getpixel((40, 20)) == MIDDLE
    assert image.getpixel((50, 20)) == RIGHT
    assert image.getpixel((20, 30)) == (0, 0, 0)


def test_what_is_missing_is_not_drawn():
    image = blank()
    draw_pose(image, np.array([POSE[0], NAN, POSE[2]]), LOOK)
    assert image.getpixel((10, 20)) == LEFT
    assert image.getpixel((20, 20)) == image.getpixel((40, 20)) == (0, 0, 0)


def test_what_was_filled_in_is_faint():
    image = blank()
    draw_pose(image, POSE, LOOK, np.array([True, False, False]))
    assert 0 < max(image.getpixel((10, 20))) < 0.7 * max(LEFT)
    assert 0 < max(image.getpixel((18, 20))) < max(LEFT) / 2, "a limb as its fainter end"
    assert image.getpixel((50, 20)) == RIGHT


def test_trails_fade():
    image = blank()
    points = np.array([[(5.0, 20)], [(20, 20)], [(35, 20)], [(50, 20)]])
    draw_trails(image, points, Look((LEFT,), (), 4))
    shades = [image.getpixel((x, 20))[0] for x in (12, 27, 42)]
    assert 0 < shades[0] < shades[1] < shades[2] < LEFT[0]
    gap = blank()
    draw_trails(gap, np.array([[(5.0, 20)], [NAN], [(35, 20)]]), Look((LEFT,), (), 4))
    assert not len(drawn(gap))


def test_a_label():
    image = blank()
    draw_label(image, "raw", 12)
    places = drawn(image)
    assert len(places)
    assert places.max(0)[0] < 40


@pytest.mark.parametrize(
    ("low", "high"), [((10, 5), (30, 25)), ((-9, -9), (5, 4)), ((50, 30), (99, 99))]
)
def test_a_canvas_is_a_part_of_the_sheet(low, high):
    sheet = np.zeros((40, 60, 3), np.uint8)
    with canvas(sheet, low, high) as picture:
        picture.paste((1, 2, 3), (0, 0, *picture.size))
    rows, columns = np.mgrid[:40, :60]
    inside = (columns >= low[0]) & (columns < high[0]) & (rows >= low[1]) & (rows < high[1])
    np.testing.assert_array_equal(sheet.any(-1), inside)


def test_a_canvas_outside_is_drawn_nowhere():
    sheet = np.zeros((40, 60, 3), np.uint8)
    with canvas(sheet, (70, 5), (90, 9)) as picture:
        draw_pose(picture, POSE, LOOK)
    assert not sheet.any()


def test_a_picture_is_whole_or_not_there(tmp_path, monkeypatch):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8))
    write_png(tmp_path / "a.png", image)
    with Image.open(tmp_path / "a.png") as read:
        np.testing.assert_array_equal(np.asarray(read), np.asarray(image))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_png(tmp_path / "b.png", image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
