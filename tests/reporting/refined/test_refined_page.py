"""The page on a refined file: complete in itself, of bounded size, safe whatever names hold."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from temporal_pose.pose.skeletons import SKELETONS, Skeleton
from temporal_pose.refining.cleaning import clean
from temporal_pose.refining.clip_refining import Track
from temporal_pose.refining.diagnosis import diagnose
from temporal_pose.refining.refined import Refined
from temporal_pose.refining.remarks import remarks
from temporal_pose.reporting.refined.refined_page import Still, page
from temporal_pose.reporting.refined.refined_tables import number, percent
from temporal_pose.reporting.refined.shown_tracks import ShownTrack, of_track, payload

ARM = Skeleton("arm", ("left_shoulder", "left_elbow", "left_wrist"),
               (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")))  # fmt: skip
HOSTILE = "</script><img src=x onerror=alert(1)> \" ' & {{data}} \\ \u2028 ü"
PNG = b"\x89PNG\r\n\x1a\nrest"


def person(name="person 1", frames=110, first=40, said=(), skeleton=ARM) -> ShownTrack:
    """An arm that sways, with a jump, a gap and an exchange of nothing; smoothed to the truth."""
    times = np.arange(frames) / 30
    truth = np.tile([[300.0, 100.0], [300.0, 200.0], [300.0, 300.0]], (frames, 1, 1))
    truth[:, 2, 0] += 80 * np.sin(2 * np.pi * times)
    raw = truth + np.random.default_rng(0).normal(0, 1, truth.shape)
    raw[frames // 2, 1] += 170
    raw[10:14] = np.nan
    cleaned = clean(raw, times, skeleton)
    found = diagnose(cleaned, truth, times, skeleton)
    lines = (*said, *remarks(found, skeleton))
    return ShownTrack(name, np.arange(frames) + first, cleaned, truth, found, lines)


def read(text: str) -> dict:
    """The data of a page, as its script reads them."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def positions(one: dict, kind: str, count: int) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(one[kind]), "<i2").reshape(-1, count, 2)
    places = numbers * one["scale"] + np.array(one["origin"])
    return np.where(numbers == -32768, np.nan, places)


class Elements(HTMLParser):
    """Every element of a page with its attributes; and that all of them are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "img"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.found if name == tag]


# ---------------------------------------------------------------------- what is there


def test_the_page_tells_what_there_is() -> None:
    one, other = person(said=("takes turns with person 2",)), person("person 2", 90)
    text = page("walk.json", [one, other], ARM, {"model": "robust, 5 Hz"})
    plain = " ".join(" ".join(Elements(text).text).split())
    for expected in (
        "walk.json",
        "robust, 5 Hz",
        "40 to 149",
        "person 1 : takes turns with person 2",
        "person 1, left elbow, frame 95: jump, set aside, 2",
        number(one.diagnosis.jitter[0]),
        number(other.diagnosis.jitter[1]),
        "person 2, keypoint by keypoint",
    ):
        assert expected in plain, expected


def test_the_data_are_the_tracks() -> None:
    one = person()
    data = read(page("walk.json", [one], ARM))
    assert data["keypoints"] == ["left shoulder", "left elbow", "left wrist"]
    assert data["limbs"] == [[0, 1], [1, 2]] and data["every"] == 1
    (packed,) = data["people"]
    frames = np.frombuffer(base64.b64decode(packed["frames"]), "<i4")
    np.testing.assert_array_equal(frames, one.frames)
    np.testing.assert_allclose(positions(packed, "refined", 3), one.refined, atol=0.05)
    given = np.where(one.cleaned.missing[..., None], np.nan, one.cleaned.keypoints)
    np.testing.assert_allclose(positions(packed, "raw", 3), given, atol=0.05)
    flags = np.frombuffer(base64.b64decode(packed["flags"]), np.uint8).reshape(-1, 3)
    expected = np.where(one.cleaned.usable, 1, np.where(one.cleaned.missing, 0, 2))
    np.testing.assert_array_equal(flags, expected)
    assert (flags == 2).sum() == 1


def test_what_is_far_off_lies_on_the_border_and_spoils_no_scale() -> None:
    one = person()
    one.cleaned.keypoints[7, 1] = [1e9, -1e9]
    cleaned = clean(one.cleaned.keypoints, np.arange(110) / 30, ARM)
    (packed,) = json.loads(payload([one._replace(cleaned=cleaned)], ARM))["people"]
    assert packed["scale"] < 0.02
    np.testing.assert_allclose(positions(packed, "refined", 3), one.refined, atol=0.05)
    text = page("walk.json", [one._replace(cleaned=cleaned)], ARM)
    assert "e+" not in "".join(re.findall(r"<svg.*?</svg>", text, re.S))


def test_moments_are_drawn_by_what_is_known() -> None:
    text = page("walk.json", [person()], ARM)
    drawn = re.findall(r'<svg class="moment".*?</svg>', text, re.S)
    assert len(drawn) == len(person().diagnosis.worst) <= 10
    assert drawn[0].count('class="aside"') == 2  # x and y
    assert drawn[0].count("<rect") == 2
    assert "nan" not in "".join(drawn)
    assert any('class="filled"' in one for one in drawn)


def test_worst_moments_are_of_all_people_by_size() -> None:
    people = [person(f"person {n}") for n in range(1, 5)]
    text = page("walk.json", people, ARM)
    assert text.count('<svg class="moment"') == 10
    assert {b["data-person"] for b in Elements(text).named("button") if "data-person" in b} == {
        *"0123"
    }


def test_skeletons_without_names() -> None:
    one = person(skeleton=None)
    data = read(page("walk.json", [one]))
    assert data["keypoints"] == ["keypoint 1", "keypoint 2", "keypoint 3"]
    assert data["limbs"] == []


def test_a_refined_track_becomes_a_person() -> None:
    one = person()
    raw = np.where(one.cleaned.missing[..., None], np.nan, one.cleaned.keypoints)
    refined = Refined(one.refined, np.ones((110, 3)), ("parted somewhere",))
    times, rows = np.arange(110) / 30, np.arange(110)
    track = Track(3, one.frames, times, raw, np.ones((110, 3)), refined, rows, rows < 0)
    shown = of_track(track, ARM)
    assert shown.name == "person 3"
    assert shown.remarks == ("parted somewhere", *one.remarks)
    assert shown.diagnosis.jitter == one.diagnosis.jitter


# ---------------------------------------------------------------------- hostile and odd


@pytest.mark.parametrize("where", ["title", "name", "remark", "fact", "keypoint", "caption"])
def test_names_are_never_read_as_html(where) -> None:
    names = (HOSTILE if where == "keypoint" else "elbow", "b", "c")
    skeleton = Skeleton("odd", names)
    name = HOSTILE if where == "name" else "person 1"
    one = person(name, said=(HOSTILE,) if where == "remark" else (), skeleton=skeleton)
    facts = {HOSTILE: HOSTILE} if where == "fact" else {}
    still = Still(PNG, HOSTILE if where == "caption" else "frame 3")
    text = page(HOSTILE if where == "title" else "walk", [one], skeleton, facts, stills=[still])
    elements = Elements(text)
    assert [image["src"][:5] for image in elements.named("img")] == ["data:"]
    assert len(elements.named("script")) == 2
    assert text.count("</script>") == 2
    assert read(text)["people"][0]["name"] == name
    shown = HOSTILE.replace("_", " ")
    in_script = where in ("name", "keypoint")
    assert any(shown in part for part in elements.text) or in_script
    if in_script:
        assert shown in (read(text)["people"][0]["name"], *read(text)["keypoints"])


def test_nothing_comes_from_a_network() -> None:
    text = page("walk.json", [person()], ARM, video="walk ü.mp4", stills=[Still(PNG, "frame 3")])
    plain = re.sub(r'base64,[^"]*|id="data">.*?<', "", text, flags=re.S)
    for sign in ("http", "//", "url(", "@import", "fetch(", "import("):
        assert sign not in plain, sign
    for tag, attributes in Elements(text).found:
        assert tag not in ("link", "iframe", "object", "embed")
        for name in ("src", "href"):
            source = attributes.get(name, "./")
            assert source.startswith(("./", "data:image/"))


@pytest.mark.parametrize("path", ["https://a.b/c.mp4", "//a.b/c.mp4", "javascript:alert(1)"])
def test_a_video_is_a_file_beside_the_page(path) -> None:
    (video,) = Elements(page("walk", [person()], ARM, video=path)).named("video")
    assert video["src"].startswith("./")


def test_slots_are_left_out_when_empty() -> None:
    elements = Elements(page("walk.json", [person()], ARM))
    assert elements.named("video") == [] and elements.named("img") == []


def test_stills_go_along_in_their_order() -> None:
    stills = [Still(PNG, "one"), Still(b"\xff\xd8\xff\xe0", "two")]
    elements = Elements(page("walk.json", [person()], ARM, stills=stills))
    sources = [image["src"] for image in elements.named("img")]
    assert sources[0] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert sources[1].startswith("data:image/jpeg;base64,")
    (slider,) = [i for i in elements.named("input") if i.get("aria-label") == "which moment"]
    assert (slider["min"], slider["max"]) == ("1", "2")
    with pytest.raises(ValueError, match=r"a still begins with b'GIF8'; expected PNG, JPEG or"):
        page("walk.json", [person()], ARM, stills=[Still(b"GIF89a", "three")])


def test_nobody_and_nothing() -> None:
    assert "Nothing looks wrong." in page("empty.json", [])
    none = np.zeros((5, 3, 2))
    cleaned = clean(none, np.arange(5) / 30)
    refined = np.full((5, 3, 2), np.nan)
    found = diagnose(cleaned, refined, np.arange(5) / 30)
    one = ShownTrack("person 1", np.arange(5), cleaned, refined, found)
    text = page("empty.json", [one])
    assert "nothing was moved" in text and "nan" not in text
    Elements(text)


# ---------------------------------------------------------------------- size


def test_long_files_are_thinned_out_and_keep_the_worst() -> None:
    frames, count = 108_000, 17
    truth = np.tile(np.arange(count)[:, None] * [20.0, 30.0] + 100, (frames, 1, 1))
    raw = truth + np.random.default_rng(0).normal(0, 2, truth.shape)
    raw[54_321, 5] += 300
    cleaned = clean(raw, np.arange(frames) / 60)
    found = diagnose(cleaned, truth, np.arange(frames) / 60)
    one = ShownTrack("person 1", np.arange(frames), cleaned, truth, found)
    text = page("long.json", [one], SKELETONS["coco17"])
    assert len(text.encode()) < 5e6
    data = read(text)
    numbers = np.frombuffer(base64.b64decode(data["people"][0]["frames"]), "<i4")
    assert 54_321 in numbers and data["every"] == 7
    assert (np.diff(numbers) > 0).all() and len(numbers) == -(-frames // 7)


def test_many_people_do_not_make_a_long_page() -> None:
    one = person(frames=20)
    people = [one._replace(name=f"person {n}") for n in range(1, 1001)]
    people[700] = person("person 701", frames=60)
    text = page("crowd.json", people, ARM)
    assert "940 shorter tracks are not on this page." in text
    assert "person 701" in text and len(text) < 1e6


# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.456, "0.46"), (9.994, "9.99"), (12.34, "12.3"), (1234.5, "1,234"), (np.nan, "–")],
)
def test_numbers_have_digits_that_say_something(value, text) -> None:
    assert number(value) == text


def test_percent() -> None:
    assert percent(0.4149) == "41 %" and percent(0.04149, 1) == "4.1 %"
    assert percent(float("nan")) == "–"


def test_what_there_is_to_say_of_the_file_stands_on_its_page() -> None:
    text = page("walk.json", [person()], ARM, remarks=["2 <poses> are left out"])
    assert "<li>2 &lt;poses&gt; are left out</li>" in text
