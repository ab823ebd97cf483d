"""Runs that become refiners, and what is said of a configuration that lies."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from layouts import read_npz

from temporal_pose.errors import ConfigError
from temporal_pose.files import options
from temporal_pose.refining.networks import NetworkRefiner
from temporal_pose.refining.saved import SHIPPED, bare, load
from temporal_pose.runs.folders import RunFolder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # omegaconf's own types are of old
        from fuzzing.run_folders import write_run

        write_run(folder := tmp_path_factory.mktemp("runs") / "run")
    return folder


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        (
            "cut",
            {"length": "x", "frame_step": 1, "fps": None},
            "data.cut is .* expected whole ",
        ),
        ("cut", {"length": 5, "frame_step": 0, "fps": None}, "data.cut is .* expected whole "),
        ("cut", {"length": 5, "frame_step": 1, "fps": float("nan")}, "data.cut is .* expected wh"),
        ("cut", {"length": 5, "frame_step": 1}, None),
        ("cut", [5, 1], "data.cut is .* expected whole numbers length and frame_step, and fps"),
        ("framing", {"margin": 0.1}, "make no framing and no codec; use the file as `train` wro"),
    ],
)
def test_a_configuration_that_lies_is_a_line(run: Path, part: str, value: object, said) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    before = config["objects"]["data"][part]
    config["objects"]["data"][part] = value
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    try:
        if said is None:
            assert load(run)
            return
        with pytest.raises(ConfigError, match=said):
            load(run)
    finally:
        config["objects"]["data"][part] = before
        (run / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.mark.parametrize("name", options.shipped())
def test_a_network_that_comes_along_is_a_run_like_any_other(name: str) -> None:
    """Its folder holds nothing of the machine that it was made on."""
    refiner = bare(name)
    assert isinstance(refiner, NetworkRefiner)
    assert refiner.usual
    assert refiner.taught
    text = (SHIPPED / name / "config.yaml").read_text()
    assert not re.search(r"(?<![\w.])/(tmp|home|root|work|Users)/", text)


def test_detections_unlike_those_it_was_taught_with_stay_as_the_filter_has_them() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(100, 300, (1, 17, 2)) + rng.normal(0, 3, (90, 17, 2))
    about = {"fps": 60, "skeleton": "coco17"}
    by_network, by_filter = (bare(name).refine(places, **about) for name in ("steady", "robust"))
    np.testing.assert_array_equal(by_network.keypoints, by_filter.keypoints)
    assert any("taught with other detections" in line for line in by_network.remarks)


def test_on_a_dance_that_it_has_never_seen_it_beats_the_filter(shared_data: Path) -> None:
    errors = []
    for camera in ("c01", "c07"):
        kept = read_npz(shared_data / f"aist_gbr/gBR_sBM_{camera}_d04_mBR0_ch03.npz")
        seen, visible = kept["detections"].astype(float), kept["visible"]
        about = {"fps": 60, "skeleton": "coco17"}
        refined = [bare(name).refine(seen, **about) for name in ("steady", "robust")]
        away = [np.linalg.norm(one.keypoints - kept["truth"], axis=-1) for one in refined]
        errors.append([np.nanmean(one[visible]) for one in away])
    by_network, by_filter = np.mean(errors, 0)
    assert by_network < 0.95 * by_filter


def test_the_network_that_comes_along_says_what_its_filter_was() -> None:
    """It was taught with that one's results: other defaults of today must not reach it."""
    start = load(SHIPPED / "steady").start.smoother
    config = RunFolder(SHIPPED / "steady").config()
    told = dict(config["objects"]["data"]["start"])
    assert told.pop("_target_").endswith("filter_named")
    assert told.pop("name") == "robust"
    assert told == start.settings
