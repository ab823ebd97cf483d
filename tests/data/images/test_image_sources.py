"""Images of all kinds: grey, CMYK, turned by Exif, cut short, large."""

from pathlib import Path

import numpy as np
import pytest
from image_sets import picture
from PIL import Image

from temporal_pose.data.images.image_sources import decoded, examined
from temporal_pose.errors import DataError


def test_a_plain_image(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture().save(path)
    assert examined(path, (50, 30)) == ((50, 30), "", "")
    assert np.array_equal(decoded(path, (50, 30), 1).pixels, np.asarray(picture()))


@pytest.mark.parametrize(
    ("mode", "ending", "remark"),
    [
        ("L", "jpg", "grey"),
        ("CMYK", "jpg", "CMYK"),
        ("I;16", "png", "grey"),
        ("P", "png", "palette"),
        ("LA", "png", "grey"),
        ("RGBA", "png", ""),
    ],
)
def test_other_modes_become_three_colours(
    mode: str, ending: str, remark: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{ending}"
    image = picture()
    if mode == "I;16":
        deep = np.asarray(image.convert("L")).astype(np.uint16) << 8
        Image.fromarray(deep).save(path)
    else:
        image.convert(mode).save(path)
    assert examined(path, None) == ((50, 30), remark, "")
    pixels = decoded(path, (50, 30), 1).pixels.astype(int)
    assert pixels.shape == (30, 50, 3)
    wanted = np.asarray(image.convert("L") if remark == "grey" else image).astype(int)
    error = np.abs(pixels.mean(2) - (wanted if wanted.ndim == 2 else wanted.mean(2)))
    assert error.mean() < 12


def test_exif_turns_an_image_unless_its_annotations_are_of_the_other_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture().save(path, exif=exif, quality=95)
    upright = np.asarray(Image.open(path).rotate(-90, expand=True))
    for told in (None, (30, 50)):
        assert examined(path, told) == ((30, 50), "turned by Exif", "")
    assert np.array_equal(decoded(path, (30, 50), 0.1).pixels, upright)
    assert examined(path, (50, 30)).size == (50, 30)
    assert np.array_equal(decoded(path, (50, 30), 1).pixels, np.asarray(Image.open(path)))


def test_another_size_than_annotated(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    picture().save(path)
    with pytest.raises(DataError) as caught:
        examined(path, (640, 480))
    assert str(caught.value) == (
        f"{path} is 50 x 30; its annotations are of an image of 640 x 480: expected the images "
        "that were annotated"
    )


def test_damage_is_seen_before_work(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    picture(640, 480).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert examined(path, None).fault == "image cut short"
    with pytest.raises(DataError, match="cannot be read as an image"):
        decoded(path, None, 1)
    path.write_bytes(whole[:-300] + bytes(300))
    assert examined(path, None).fault == "image cut short"
    path.write_bytes(whole + bytes(10_000))
    assert examined(path, None).fault == ""
    path.write_bytes(whole + b"remarks of some program")
    assert examined(path, None).fault == ""
    picture().save(path.with_suffix(".png"))
    some = path.with_suffix(".png").read_bytes()
    path.with_suffix(".png").write_bytes(some[: len(some) // 2] + bytes(len(some) // 2))
    assert examined(path.with_suffix(".png"), None).fault == "image cut short"
    path.write_bytes(b"nothing")
    assert examined(path, None).fault == "image damaged"


@pytest.mark.parametrize(
    ("needed", "reduction"), [(1, 1), (0.6, 1), (0.4, 2), (0.2, 4), (0.01, 8)]
)
def test_a_large_jpeg_is_decoded_as_far_as_needed(
    needed: float, reduction: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    picture(642, 481).save(path, quality=95)
    found = decoded(path, (642, 481), needed)
    assert found.reduction == reduction
    assert found.pixels.shape == (-(-481 // reduction), -(-642 // reduction), 3)


def test_a_png_whose_checksums_do_not_fit_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture().save(path)
    content = bytearray(path.read_bytes())
    content[-13] ^= 1  # before the last chunk, of 12 bytes
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a.png: cannot be read as an image \("):
        decoded(path, (50, 30), 1)


def test_what_is_painted_is_not_opened() -> None:
    pixels = np.zeros((3, 5, 3), np.uint8)
    assert examined(lambda: pixels, None).size == (5, 3)
    assert decoded(lambda: pixels, (5, 3), 0.1).pixels is pixels
