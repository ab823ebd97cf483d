"""The schema of metrics.json: what we write is read, and what cannot be a result is refused."""

import json
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from temporal_pose.errors import RunFolderError
from temporal_pose.pose.crop_scores import CropScores
from temporal_pose.pose.metrics import PoseMetrics
from temporal_pose.pose.skeletons import SKELETONS
from temporal_pose.runs.results import (
    CROP_PCK,
    ERROR,
    HEAD_PCK,
    HOLDOUT,
    JITTER,
    LAG,
    MONITORED,
    PCKS,
    TEST,
    VALIDATION,
    Pck,
    described,
    of_fitting,
    origin,
    read_metrics,
)

GOOD = {
    "test/pck@0.05": 0.25,
    "test/pck@0.2/nose": 1,
    "test/error_px": 1.5,
    "seed": 3,
    "git": "abc+",
}
DONE = "; delete its folder and repeat the run"


def read(folder, content):
    file = folder / "metrics.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_metrics(file)


def refused(folder, content):
    """What is wrong, by the message."""
    with pytest.raises(RunFolderError) as caught:
        read(folder, content)
    said = str(caught.value)
    start = f"{folder}/metrics.json is unreadable or damaged: "
    assert said.startswith(start)
    assert said.endswith(DONE)
    assert said.isprintable()
    assert len(said) < len(start) + len(DONE) + 210
    return said.removeprefix(start).removesuffix(DONE)


def test_what_is_there_is_read(tmp_path):
    found = read(tmp_path, GOOD | {"config_hash": "f00d"})
    assert (found.seed, found.git, found.config_hash) == (3, "abc+", "f00d")
    assert found.scores == {"test/pck@0.05": 0.25, "test/pck@0.2/nose": 1, "test/error_px": 1.5}
    assert all(type(value) is float for value in found.scores.values())


def test_where_numbers_are_from_comes_back(tmp_path):
    found = read(tmp_path, GOOD | origin(7, "c0ffee", "f00d"))
    assert (found.seed, found.git, found.config_hash) == (7, "c0ffee", "f00d")


@pytest.mark.filterwarnings("ignore:The ``compute`` method")  # of nothing, whose names count
def test_scores_have_the_names_that_metrics_give_them():
    assert {*PCKS, ERROR, JITTER, LAG} <= PoseMetrics().compute().keys()
    of_crops = CropScores(SKELETONS["coco17"], 32)
    assert {*PCKS, HEAD_PCK, CROP_PCK, ERROR} <= of_crops.compute().keys()
    assert MONITORED == ("val/pck@0.05", "val/pck@0.1", "val/pck@0.2")


def test_what_could_not_be_measured_is_none(tmp_path):
    found = read(tmp_path, GOOD | {"test/lag_frames": None, "identity/error_px": math.nan})
    assert found.scores["test/lag_frames"] is None
    assert found.scores["identity/error_px"] is None


def test_what_describes_a_run_is_read_back(tmp_path):
    about = described(20.5, {"train": 5, "test": 2}, of_fitting(7, 3, 11, 1.23456), {"order": 2})
    assert about == {
        **{"torso_px": 20.5, "windows_train": 5, "windows_test": 2, "epochs": 7, "best_epoch": 3},
        **{"parameters": 11, "seconds": 1.235, "setting/order": 2},
    }
    assert read(tmp_path, GOOD | about).scores.items() >= about.items()


def test_every_score_that_is_computed_has_a_place(tmp_path):
    metrics = PoseMetrics()
    shape = (2, 5, len(metrics.skeleton))
    truth = torch.rand(*shape, 2)
    metrics.update(truth, truth + 0.1, torch.ones(shape).bool(), torch.ones(shape[:2]))
    scores = {name: float(value) for name, value in metrics.compute().items()}
    for prefix in (*TEST, *VALIDATION, *HOLDOUT):
        named = {f"{prefix}{name}": value for name, value in scores.items()}
        assert read(tmp_path, GOOD | named).scores.items() >= named.items()
        assert refused(tmp_path, GOOD | dict.fromkeys(named, math.inf))


@pytest.mark.parametrize(
    ("name", "share", "group"),
    [
        ("pck@0.05", 0.05, ""),
        ("pck@0.2/index_finger", 0.2, "index_finger"),
        ("pck@1/a/b", 1, "a/b"),
    ],
)
def test_names_of_pck(name, share, group):
    assert Pck.of(name) == (share, group)
    assert Pck(share, group).name == name
    assert Pck.of("error_px") is None


ODD = "pck@ pck@abc pck@0 pck@-1 pck@nan pck@inf pck@0.050 pck@1e400 pck@0_1 pck@0.1/ pck@٠.١"


@pytest.mark.parametrize("name", [*ODD.split(), "pck@ 0.1"])
def test_what_names_no_share_is_refused(tmp_path, name):
    said = refused(tmp_path, GOOD | {f"test/{name}": 0.5})
    assert said == f"{name} names no share of the torso; expected one as in pck@0.05"


SHARE, POSITIVE = "a number from 0 to 1", "0 or a positive number"


@pytest.mark.parametrize(
    ("name", "typed", "reason"),
    [
        ("test/pck@0.1", "17", f"17; expected {SHARE}"),
        ("test/pck@0.1", "-0.1", f"-0.1; expected {SHARE}"),
        ("test/pck@0.1", "1e400", f"inf; expected {SHARE}"),
        ("identity/pck@0.1", "Infinity", f"inf; expected {SHARE}"),
        ("val/pck@0.1", '"high"', "'high'; expected a number"),
        ("holdout/identity/pck@0.1", "true", "True; expected a number"),
        ("test/pck@0.1", "[1]", "[1]; expected a number"),
        ("test/error_px", "-1", f"-1; expected {POSITIVE}"),
        ("holdout/accel_error_px", "1e300", f"1e+300; expected {POSITIVE}"),
        ("test/lag_frames", "-1e99", "-1e+99; expected a number"),
        ("test/some_other", "1e99", "1e+99; expected a number"),
        ("torso_px", "-2", f"-2; expected {POSITIVE}"),
        ("parameters", "1" + 400 * "0", f"1{38 * '0'}…; expected {POSITIVE}"),
        ("seed", "-1", "-1; expected a whole number below 2^32"),
        ("seed", '"abc"', "'abc'; expected a whole number below 2^32"),
        ("seed", "1.5", "1.5; expected a whole number below 2^32"),
    ],
)
def test_what_cannot_be_a_result_is_refused(tmp_path, name, typed, reason):
    text = json.dumps({key: value for key, value in GOOD.items() if key != name})
    assert refused(tmp_path, f'{text[:-1]}, "{name}": {typed}}}') == f"{name} is {reason}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[1]", "it holds no JSON object"),
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ('{"test/pck@', "Unterminated string starting at: line 1 column 2 (char 1)"),
        ("[" * 100_000, "it is nested too deeply"),
        ("{}", "it holds 0 test/pck@... of 0 numbers; expected 1 to 10 of at most 10000"),
        (
            {"test/pck@0.2/nose": 1},
            "it holds 0 test/pck@... of 1 numbers; expected 1 to 10 of at most 10000",
        ),
        (
            {f"test/pck@0.{n}": 1 for n in range(11, 99, 2)},
            "it holds 44 test/pck@... of 44 numbers; expected 1 to 10 of at most 10000",
        ),
    ],
)
def test_a_file_that_holds_no_results(tmp_path, content, reason):
    assert refused(tmp_path, content) == reason


def test_a_number_of_5000_digits(tmp_path):
    text = json.dumps(GOOD)[:-1] + ', "seconds": ' + "7" * 5000 + "}"
    assert "4300 digits" in refused(tmp_path, text)


def test_escapes_do_not_reach_the_message(tmp_path):
    said = refused(tmp_path, GOOD | {"test/\x1b[2J\n": "\x1b[31m"})
    assert said == "test/�[2J is '\\x1b[31m'; expected a number"


def test_no_file(tmp_path):
    (tmp_path / "metrics.json").mkdir()
    with pytest.raises(RunFolderError, match="it is no regular file"):
        read_metrics(tmp_path / "metrics.json")
    with pytest.raises(RunFolderError, match="No such file"):
        read_metrics(tmp_path / "other.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = (
    st.sampled_from([*GOOD, "test/pck@0.1", "identity/pck@x", "holdout/error_px", "epochs"])
    | st.text()
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a machine that is busy with others
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_object_is_read_or_refused_in_one_line(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    try:
        found = read(folder, json.dumps(content))
    except RunFolderError as error:
        assert str(error).isprintable()
        return
    assert all(value is None or math.isfinite(value) for value in found.scores.values())
    assert any(name.startswith("test/pck@") for name in found.scores)
