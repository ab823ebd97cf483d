import re
import subprocess
import sys
from pathlib import Path

import pytest

from temporal_pose.files import options as module
from temporal_pose.files.options import (
    alike,
    described,
    filters,
    image_sets,
    networks,
    options,
    shipped,
    video_sets,
)

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_each_model_is_a_filter_or_not():
    assert sorted([*filters(), *networks(), *shipped()]) == options("model")
    assert {"conv3d", "deciwatch", "identity"} <= set(networks())
    assert {"savgol", "savgol_window", "kalman"} <= set(filters())
    assert filters().index("savgol_window") > filters().index("savgol")


def test_a_file_is_read_over_the_one_it_builds_upon():
    window, whole = described("model", "savgol_window"), described("model", "savgol")
    assert window["network"] == whole["network"]
    assert (window["name"], window["whole_videos"]) == ("savgol_window", False)
    assert "${model.window_s}" in window["network"].values()


def test_a_new_file_is_known_at_once(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    text = "whole_videos: {}\nnetwork: {{_target_: temporal_pose.filters.mine.Mine}}\n"
    (tmp_path / "model" / "b.yaml").write_text(text.format("false"))
    (tmp_path / "model" / "c.yaml").write_text(text.format("true"))
    (tmp_path / "model" / "a.yaml").write_text("network: {_target_: mine.Net}\n")
    (tmp_path / "model" / "d.yaml").write_text("defaults: [c]\n")
    monkeypatch.setattr(module, "CONF", tmp_path)
    assert filters() == ["c", "d", "b"]
    assert networks() == ["a"]


@pytest.mark.skipif(not MAKEFILE.is_file(), reason="an installed package has no Makefile")
def test_the_makefile_asks_for_the_filters():
    line = r"^FILTERS = \$\(shell \$\(BIN\)/python (-c .*)\)$"
    found = re.search(line, MAKEFILE.read_text(), re.MULTILINE)
    shell = f"{sys.executable} {found[1]}"
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.strip().split(",") == ["identity", *filters()]


def test_sets_of_images_and_of_videos():
    assert image_sets() == ["coco", "figures", "lspet"]
    assert sorted([*image_sets(), *video_sets()]) == options("data")
    assert "aist" in video_sets()  # whose reader is that of the set it builds upon
    assert alike("data", "lspet") == image_sets()
    assert alike("data", "synthetic") == video_sets()
    assert alike("model", "conv3d") == sorted({*options("model")} - {*shipped()})
