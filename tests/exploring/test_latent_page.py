"""The page: complete in itself, bounded, safe; and everything on it beside it as CSV or PNG."""

import base64
import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from looking import People, subject
from PIL import Image

from temporal_pose.errors import ConfigError
from temporal_pose.exploring import payload as module
from temporal_pose.exploring.exploration import Exploration, Settings, explore
from temporal_pose.exploring.exploration_files import (
    ABOUT,
    check_place,
    pictures,
    replacing,
    write,
)
from temporal_pose.exploring.latent_page import page
from temporal_pose.exploring.sample_sheets import sheets
from temporal_pose.exploring.tables import sheet, tables

HOSTILE = "</script><img src=x onerror=alert(1)> \" ' & {{data}} \u2028 ü"


@pytest.fixture(scope="module")
def folder(found: Exploration, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("look") / "latent"
    with replacing(out) as part:
        write(found, part, "tiny", {"run": "runs/tiny"}, {"run": "runs/tiny"})
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def read(text: str) -> dict:
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(data)


class Elements(HTMLParser):
    """Every element with its attributes; and that all of them are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self._open.pop() == tag


def test_the_page_says_that_there_are_no_clusters(found: Exploration, text: str) -> None:
    assert found.found is None
    assert "<b>No clusters.</b>" in text
    assert "which are no clusters</h3>" in text
    for one in found.findings:
        assert one.shown.replace("'", "&#x27;").replace(">", "&gt;") in text


def test_the_page_says_which_clusters_there_are(source: People, samples, tmp_path) -> None:
    apart = np.asarray(samples.features).copy()
    apart[::2] += 9
    two = replace(samples, features=apart)
    made = explore(two, subject(), source, range(len(source)), Settings(clusters=3, mapped=0))
    assert made.verdict == "2 clusters"
    shown = page(made, pictures(made), "two", {}, [])
    assert "<b>2 clusters.</b>" in shown and "The 2 clusters</h3>" in shown
    assert read(shown)["part"] == "cluster" and "t-SNE x" not in read(shown)["columns"]


def test_the_data_are_the_samples(found: Exploration, text: str) -> None:
    data, samples = read(text), found.samples
    assert data["count"] == data["total"] == len(samples) == 130
    assert data["names"][5] == "person 5"
    columns = {
        name: np.frombuffer(base64.b64decode(values), "<f4")
        for name, values in data["columns"].items()
    }
    np.testing.assert_allclose(columns["component 2"], found.components.scores[:, 1], rtol=1e-5)
    np.testing.assert_allclose(columns["crop_px"], np.arange(130))
    assert np.isfinite(columns["t-SNE x"]).sum() == 60
    truth = np.frombuffer(base64.b64decode(data["truth"]), np.uint8).reshape(130, 17, 2)
    unknown = samples.labels == 0
    assert (truth[unknown] == 255).all()
    inside = samples.keypoints[~unknown].clip(0, 1)
    np.testing.assert_allclose(truth[~unknown] / 254, inside, atol=0.003)
    assert {"visible", "torso_angle", "error", "kmeans", "hdbscan"} <= columns.keys()


def test_thumbnails_are_in_sheets(found: Exploration, text: str) -> None:
    data = read(text)
    content = base64.b64decode(data["sheets"][0].partition(",")[2])
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (25 * data["side"], 6 * data["side"])
        side, place = data["side"], 28
        row, column = divmod(place, data["acrossSheet"])
        box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
        drawn = np.asarray(image.convert("RGB").crop(box), float)
    assert (
        np.abs(drawn - found.samples.thumbnails[place]).mean() < 25
    )  # noise, which WebP keeps badly


def test_many_thumbnails_fit_into_the_room() -> None:
    crops = np.random.default_rng(0).integers(0, 255, (1000, 24, 24, 3), dtype=np.uint8)
    large, small = sheets(crops, 10**7), sheets(crops, 100_000)
    assert len(large.images) == 2
    assert sum(map(len, small.images)) < sum(map(len, large.images))
    assert sheets(None).images == []


def test_nothing_comes_from_a_network(text: str) -> None:
    plain = re.sub(r'base64,[^"]*|id="data">.*?<', "", text, flags=re.S)
    for sign in ("http", "//", "url(", "@import", "fetch(", "import("):
        assert sign not in plain, sign
    for tag, attributes in Elements(text).found:
        assert tag not in ("link", "iframe", "object", "embed")
        assert attributes.get("src", "data:").startswith("data:")


def test_names_are_never_read_as_html(found: Exploration) -> None:
    names = [HOSTILE] * len(found.samples)
    odd = replace(found, samples=replace(found.samples, names=names), names=(HOSTILE, HOSTILE))
    shown = page(odd, pictures(odd), HOSTILE, {HOSTILE: HOSTILE}, [HOSTILE])
    elements = Elements(shown)
    assert shown.count("</script>") == 2
    assert not [a for t, a in elements.found if t == "img" and "onerror" in a]
    assert read(shown)["names"][0].startswith("</script><img")
    rows = list(csv.DictReader(io.StringIO(sheet(tables(odd)["samples"], 0))))
    assert rows[0]["sample"].startswith("</script>")


def test_formulas_are_no_formulas() -> None:
    assert sheet([{"sample": "=1+1", "error": float("nan"), "count": 3}], 5) == (
        "sample,error,count,seed\n'=1+1,,3,5\n"
    )


def test_a_page_of_many_shows_some(found: Exploration, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 50)
    data = json.loads(module.payload(found))
    assert data["count"] == 50 and data["total"] == 130
    assert data["names"] == [found.samples.names[i] for i in module.drawn(130, found.seed)]


def test_everything_is_a_file_with_the_seed(found: Exploration, folder: Path, text: str) -> None:
    names = {file.name for file in folder.iterdir()}
    sheets = {f"{name}.csv" for name in tables(found)}
    assert sheets <= names and "crops.npy" not in names
    for name in sheets:
        content = io.StringIO((folder / name).read_text(encoding="utf-8"))
        rows = list(csv.DictReader(content))
        assert rows and all(row["seed"] == "3" for row in rows), name
    drawn = [name for name in names if name.endswith(".png")]
    assert {"map.png", "tsne.png", "explained.png", "silhouettes.png", "off.png"} <= set(drawn)
    assert text.count("<img") == len(drawn) - 2  # the page's own maps are alive
    for name in drawn:
        with Image.open(folder / name) as image:
            assert image.text["Comment"] == "seed 3"
    for name in names:
        assert name in text
    about = json.loads((folder / "explore.json").read_text())
    assert about["seed"] == 3 and about["clusters"] == 0 and about["layer"] == "bottleneck"


def test_silhouettes_of_every_k_and_clusters_of_the_shown(found: Exploration) -> None:
    made = tables(found)
    assert [row["k"] for row in made["silhouettes"]] == [2, 3]
    assert sum(row["samples"] for row in made["clusters"]) == 130
    total = [row["together"] for row in made["components"]]
    assert total[-1] == pytest.approx(1)
    assert len(made["walks"]) == 7 * len(found.walks)


# ---------------------------------------------------------------------- the folder


def test_only_an_earlier_look_is_replaced(folder: Path, tmp_path) -> None:
    check_place(folder)
    check_place(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    check_place(tmp_path / "empty")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("months of work")
    (tmp_path / "file").write_text("text")
    for other in ("thesis", "file"):
        with pytest.raises(ConfigError, match="which is there already and not of explore"):
            check_place(tmp_path / other)


def test_a_folder_is_there_whole_or_not_at_all(tmp_path) -> None:
    out = tmp_path / "latent"
    with pytest.raises(KeyboardInterrupt), replacing(out) as part:
        (part / "half").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    for content in ("one", "other"):
        with replacing(out) as part:
            (part / content).write_text(content)
            (part / ABOUT).write_text(json.dumps({"files": [content, ABOUT]}))
    assert sorted(file.name for file in out.iterdir()) == [ABOUT, "other"]
    assert [file.name for file in tmp_path.iterdir()] == ["latent"]


def test_samples_to_interpolate_between_that_are_not_there(source: People, samples) -> None:
    with pytest.raises(
        ConfigError, match=r"between is \[3, 131\]; expected two numbers of samples"
    ):
        explore(samples, subject(), source, range(130), Settings(between=(3, 131)))
